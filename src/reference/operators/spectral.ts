// Fourier transforms, windows and mel weights. They are written as the formulas stand, in double precision,
// and rounded once: slow, and closer to the true value than any float32 transform.

import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { transposed } from "./movement.ts";
import { rounding } from "./numbers.ts";
import {
  axisOf,
  build,
  type Inputs,
  misfit,
  numberOf,
  numeric,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  typeOf,
} from "./operator.ts";

/** A complex signal: real part at 2i, imaginary part at 2i + 1. */
type Complex = Float64Array;

/** X[k] = Σ x[n]·e^(∓2πi·kn/N) for the first `bins` of N; the inverse is divided by N. */
function fourier(x: Complex, length: number, bins: number, inverse: boolean): Complex {
  const sign = inverse ? 1 : -1;
  const cos = Float64Array.from({ length }, (_, i) => Math.cos((2 * Math.PI * i) / length));
  const sin = Float64Array.from({ length }, (_, i) => sign * Math.sin((2 * Math.PI * i) / length));
  const y = new Float64Array(2 * bins);
  for (let k = 0; k < bins; k++) {
    let [re, im] = [0, 0];
    for (let n = 0; n < Math.min(length, x.length / 2); n++) {
      const turn = (k * n) % length;
      re += x[2 * n] * cos[turn] - x[2 * n + 1] * sin[turn];
      im += x[2 * n] * sin[turn] + x[2 * n + 1] * cos[turn];
    }
    y[2 * k] = inverse ? re / length : re;
    y[2 * k + 1] = inverse ? im / length : im;
  }
  return y;
}

/** `count` values from `start` on, `step` apart, as a complex signal; the last axis is [1] or [2]. */
function signalAt(
  data: ArrayLike<number>,
  parts: number,
  start: number,
  step: number,
  count: number,
): Complex {
  const signal = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    signal[2 * i] = data[(start + i * step) * parts];
    if (parts === 2) signal[2 * i + 1] = data[(start + i * step) * parts + 1];
  }
  return signal;
}

function partsOf(x: Tensor, inputs: Inputs, context: OperatorContext): number {
  const parts = x.dims.at(-1) ?? 0;
  if (x.dims.length < 2 || (parts !== 1 && parts !== 2))
    throw misfit(inputs, context, "a last axis of 1 or 2", `${parts}`);
  return parts;
}

/** The axis is an input from opset 20 on; before, an attribute. */
const dft: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const parts = partsOf(x, inputs, context);
  const given = context.opset >= 20 ? (inputs[2]?.numbers()[0] ?? -2) : numberOf(context, "axis", 1);
  const axis = axisOf(given, x.dims.length, inputs, context);
  const length = inputs[1]?.numbers()[0] ?? x.dims[axis];
  const inverse = numberOf(context, "inverse", 0) === 1;
  const bins = numberOf(context, "onesided", 0) === 1 ? Math.floor(length / 2) + 1 : length;
  const size = x.dims[axis];
  const inner = sizeOf(x.dims.slice(axis + 1, -1));
  const outer = sizeOf(x.dims.slice(0, axis));
  const data = numeric(x);
  const spectra = Array.from({ length: outer * inner }, (_, row) => {
    const start = Math.floor(row / inner) * size * inner + (row % inner);
    return fourier(signalAt(data, parts, start, inner, size), length, bins, inverse);
  });
  const round = rounding(x.dtype);
  const rows = build(x.dtype, [outer, inner, bins, 2], (i) =>
    round(spectra[Math.floor(i / (2 * bins))][i % (2 * bins)]),
  );
  return [transposed(rows, [0, 2, 1, 3]).reshape([...x.dims.with(axis, bins).slice(0, -1), 2])];
};

/** signal [batch, samples, 1 or 2], step, window, frame length → [batch, frames, bins, 2] */
const stft: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const parts = partsOf(x, inputs, context);
  const [step] = required(inputs, 1, context).numbers();
  const window = inputs[2]?.numbers();
  const length = inputs[3]?.numbers()[0] ?? window?.length ?? 0;
  const [batch, samples] = x.dims;
  if (
    x.dims.length !== 3 ||
    length < 1 ||
    step < 1 ||
    length > samples ||
    (window && window.length !== length)
  )
    throw misfit(
      inputs,
      context,
      "[batch, samples, parts], a step, and a window not longer than the signal",
      "others",
    );
  const frames = Math.floor((samples - length) / step) + 1;
  const bins = numberOf(context, "onesided", 1) === 1 ? Math.floor(length / 2) + 1 : length;
  const data = numeric(x);
  const spectra = Array.from({ length: batch * frames }, (_, row) => {
    const start = Math.floor(row / frames) * samples + (row % frames) * step;
    const frame = signalAt(data, parts, start, 1, length);
    const weighted = window ? frame.map((value, i) => value * window[i >> 1]) : frame;
    return fourier(weighted, length, bins, false);
  });
  const round = rounding(x.dtype);
  return [
    build(x.dtype, [batch, frames, bins, 2], (i) =>
      round(spectra[Math.floor(i / (2 * bins))][i % (2 * bins)]),
    ),
  ];
};

/** Σ a[j]·cos(2πjn/N), N the size of a periodic window and one less of a symmetric one. */
function cosineWindow(coefficients: readonly number[]): ReferenceOperator {
  return (inputs, context) => {
    const [size] = required(inputs, 0, context).numbers();
    const period = numberOf(context, "periodic", 1) === 1 ? size : size - 1;
    const type = typeOf(context, "output_datatype", "float32");
    const round = rounding(type);
    const value = (n: number) =>
      coefficients.reduce((sum, a, j) => sum + a * Math.cos((2 * Math.PI * j * n) / Math.max(period, 1)), 0);
    return [build(type, [size], (n) => round(value(n)))];
  };
}

const hertzToMel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
const melToHertz = (mel: number) => 700 * (10 ** (mel / 2595) - 1);

/**
 * Triangles of equal width in mel, their corners moved to the bins below them: [bins, bands].
 * Inputs: bands, transform length, sample rate, lowest and highest frequency.
 */
const melWeightMatrix: ReferenceOperator = (inputs, context) => {
  const [bands, length, rate, low, high] = [0, 1, 2, 3, 4].map(
    (i) => required(inputs, i, context).numbers()[0],
  );
  const bins = Math.floor(length / 2) + 1;
  const step = (hertzToMel(high) - hertzToMel(low)) / (bands + 2);
  const corner = (i: number) => Math.floor(((length + 1) * melToHertz(hertzToMel(low) + i * step)) / rate);
  const weight = (bin: number, band: number) => {
    const [left, centre, right] = [corner(band), corner(band + 1), corner(band + 2)];
    if (bin === centre) return 1;
    if (bin >= left && bin < centre) return (bin - left) / (centre - left);
    return bin > centre && bin < right ? (right - bin) / (right - centre) : 0;
  };
  const type = typeOf(context, "output_datatype", "float32");
  const round = rounding(type);
  return [build(type, [bins, bands], (i) => round(weight(Math.floor(i / bands), i % bands)))];
};

export const spectral: Operators = {
  DFT: dft,
  STFT: stft,
  HannWindow: cosineWindow([0.5, -0.5]),
  HammingWindow: cosineWindow([25 / 46, -21 / 46]),
  BlackmanWindow: cosineWindow([0.42, -0.5, 0.08]),
  MelWeightMatrix: melWeightMatrix,
};
