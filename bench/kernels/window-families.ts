// Families of windows that slide over images [lines, columns, channels]: depthwise convolution.

import { depthwiseF32 } from "../../src/reference/depthwise.ts";
import { family } from "./family.ts";
import { floats } from "./random.ts";

/** Sizes of the padded image; the kernel is square. */
type Image = readonly [lines: number, columns: number, channels: number, kernel: number, stride: number];

const windowsOf = ([lines, columns, , kernel, stride]: Image) => {
  const along = (size: number) => Math.floor((size - kernel) / stride) + 1;
  return { down: along(lines), across: along(columns), places: kernel * kernel };
};

/** Where each place of a window lies, in pixels from its first. */
function placesOf([, columns, , kernel]: Image): Int32Array {
  return Int32Array.from(
    { length: kernel * kernel },
    (_, p) => Math.floor(p / kernel) * columns + (p % kernel),
  );
}

export const windowFamilies = {
  depthwise: family({
    ...{ title: "depthwise convolution, float32", shapes: "depthwise", limit: "f32", type: Float32Array },
    count: (image: Image) => windowsOf(image).down * windowsOf(image).across * image[2],
    work: (image: Image) => 2 * windowsOf(image).down * windowsOf(image).across * image[2] * image[3] ** 2,
    operands: ([lines, columns, channels, kernel]: Image, random) => ({
      x: floats(random, lines * columns * channels, 1),
      weights: floats(random, kernel * kernel * channels, 1),
      bias: floats(random, channels, 1),
    }),
    reference({ x, weights, bias }, image) {
      const [, columns, channels, , stride] = image;
      const { down, across, places } = windowsOf(image);
      const offsets = placesOf(image);
      const from = Int32Array.from({ length: down * across * places }, (_, i) => {
        const window = Math.floor(i / places);
        const first = Math.floor(window / across) * stride * columns + (window % across) * stride;
        return first + offsets[i % places];
      });
      return depthwiseF32(x, weights, { places, from, channels }, bias);
    },
    bind({ depthwise_f32 }, place, operands, image) {
      const [, columns, channels, , stride] = image;
      const { down, across, places } = windowsOf(image);
      const pixel = channels * 4;
      const offsets = place.put(placesOf(image).map((at) => at * pixel));
      const [x, weights, bias] = [operands.x, operands.weights, operands.bias].map((v) => place.put(v));
      const y = place.reserve(down * across * pixel);
      const windows = [down, stride * columns * pixel, across, stride * pixel, offsets, places] as const;
      const limits = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
      return {
        call: () => depthwise_f32(x, y, ...windows, channels, weights, bias, ...limits),
        result: y,
      };
    },
  }),
};
