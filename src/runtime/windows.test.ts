// Operators that slide windows over floats: the kernels against the reference for a grid of small shapes.

import { test } from "node:test";
import { Tensor } from "../tensor/tensor.ts";
import { cases, Grid, placesOf } from "./testing-grid.ts";

test("convolutions in float have the reference's bits for all windows, groups and widths", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const [channels, out, group] of [
      [1, 5, 1],
      [3, 8, 1],
      [8, 17, 1],
      [6, 9, 3],
      [4, 8, 4],
    ]) {
      const x = grid.input(grid.floats([2, ...space, channels]));
      const w = grid.constant(grid.floats([(placesOf(window) * channels) / group, out]));
      const bias = out % 2 ? [grid.constant(grid.floats([out]))] : [];
      const limits = out === 8 ? { low: -0.5, high: 0.75 } : {};
      grid.add("ConvFloat", [x, w, ...bias], { ...window, group, ...limits });
    }
  await grid.check();
});

test("depthwise convolutions in float have the reference's bits for all windows and widths", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const channels of [1, 3, 4, 16, 23]) {
      const x = grid.input(grid.floats([2, ...space, channels]));
      const w = grid.constant(grid.floats([placesOf(window), channels]));
      const bias = channels % 2 ? [grid.constant(grid.floats([channels]))] : [];
      grid.add("DepthwiseConvFloat", [x, w, ...bias], channels === 16 ? { ...window, low: 0 } : window);
    }
  await grid.check();
});

test("pools have the reference's bits for all windows, widths and types", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const channels of [1, 5, 16, 35]) {
      const floats = grid.floats([2, ...space, channels]);
      const integers = floats.numbers().map((value) => Math.round(127 * value));
      const x = grid.input(floats);
      grid.add("AveragePoolChannelsLast", [x], { ...window, count_include_pad: channels % 2 });
      for (const tensor of [
        floats,
        new Tensor("int8", integers, floats.dims),
        new Tensor(
          "uint8",
          integers.map((value) => value + 128),
          floats.dims,
        ),
      ])
        grid.add("MaxPoolChannelsLast", [grid.input(tensor)], window);
    }
  await grid.check();
});
