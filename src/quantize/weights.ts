// A layer's weights → integers: scales fitted, then rounded by the method, then the bias corrected. What a method needs
// to know of the inputs and nobody saw (the inside of a recurrent layer), it does without: rounded to the nearest.

import { OctavoxError } from "../errors.ts";
import type { Calibration } from "./calibrate.ts";
import { statisticsKey } from "./calibrate.ts";
import type { QuantizedLayer } from "./insert.ts";
import type { Layer, LayerWeights } from "./layers.ts";
import {
  type Grids,
  gridOf,
  groupsOf,
  matrixPlaces,
  type QuantizedWeights,
  toMatrix,
  weightsOf,
} from "./matrix.ts";
import { adaRound } from "./methods/adaround.ts";
import { biasCorrection } from "./methods/bias.ts";
import { fitRange, fitSquares, nearest } from "./methods/fit.ts";
import { gptq } from "./methods/gptq.ts";
import type { Rounding } from "./methods/rounding.ts";
import type { InputStatistics } from "./methods/statistics.ts";
import type { WeightFormat } from "./schemes.ts";

/** How weights are rounded. */
export interface WeightMethod {
  /** Scales over the whole range, or where the squared error is least. */
  scales: "range" | "squares";
  rounding: "nearest" | "adaround" | "gptq";
  correctBias: boolean;
  /** Channels are made alike between layers first. */
  equalize: boolean;
  /** Features are, before the recurrent layers that read them. */
  smooth: boolean;
}

/** Words a method's name is made of, with "+" between them. */
const words: Readonly<Record<string, Partial<WeightMethod>>> = {
  nearest: { scales: "range" },
  mse: { scales: "squares" },
  adaround: { rounding: "adaround", scales: "squares" },
  gptq: { rounding: "gptq", scales: "squares" },
  bias: { correctBias: true },
  equalize: { equalize: true },
  smooth: { smooth: true },
};

export const methodWords = Object.keys(words);

/**
 * "mse+bias", "equalize+gptq+bias" … Words not said are: scales over the range, nearest, nothing corrected.
 * @throws OctavoxError `argument` for a word that is none
 */
export function methodNamed(name: string): WeightMethod {
  const parts = name.split("+");
  const strange = parts.find((part) => !Object.hasOwn(words, part));
  if (strange !== undefined)
    throw new OctavoxError("argument", `the method "${name}"`, {
      expected: `one or more of ${methodWords.join(", ")}, with + between them`,
      found: `"${strange}"`,
    });
  const plain: WeightMethod = {
    ...{ scales: "range", rounding: "nearest", correctBias: false, equalize: false, smooth: false },
  };
  return Object.assign(plain, ...parts.map((part) => words[part]));
}

/** Whether a method looks at the layers' inputs. */
export function needsInputs({ rounding, correctBias, smooth }: WeightMethod): boolean {
  return rounding !== "nearest" || correctBias || smooth;
}

const roundings: Readonly<Record<WeightMethod["rounding"], Rounding | undefined>> = {
  nearest: undefined,
  adaround: adaRound,
  gptq,
};

/** @param formatAt of each of the layer's matrices */
export function quantizeLayer(
  layer: Layer,
  formatAt: (at: number) => WeightFormat,
  method: WeightMethod,
  calibration: Calibration | undefined,
): QuantizedLayer {
  const known = calibration?.statistics.get(statisticsKey(layer.name, layer.weights[0].at));
  const corrects = method.correctBias && layer.bias !== undefined && known !== undefined;
  const weights = layer.weights.map((own, i) =>
    quantizeWeights(own, layer.name, formatAt(i), method, () =>
      hessiansOf(layer, i, calibration, { centred: corrects && i === 0 }),
    ),
  );
  return { layer, weights, correction: corrects ? correctionOf(layer, weights[0], known) : undefined };
}

/** Second moments of what a layer's matrix meets, for each group of its rows; undefined where nobody saw it. */
export function hessiansOf(
  { name, weights }: Layer,
  at: number,
  calibration: Calibration | undefined,
  { centred = true } = {},
): Float64Array[] | undefined {
  const seen = calibration?.statistics.get(statisticsKey(name, weights[at].at));
  return seen?.every(({ count, hasMoments }) => count > 0 && hasMoments)
    ? seen.map((own) => own.hessian({ centred }))
    : undefined;
}

function quantizeWeights(
  { tensor, shape }: LayerWeights,
  name: string,
  format: WeightFormat,
  method: WeightMethod,
  hessians: () => readonly Float64Array[] | undefined,
): QuantizedWeights {
  const groups = groupsOf(shape, format.granularity, name);
  const values = tensor.data as Float32Array;
  const fit = method.scales === "squares" && format.symmetric ? fitSquares : fitRange;
  const grids = fit(values, groups, format);
  const rounding = roundings[method.rounding];
  const known = rounding && hessians();
  const q = known ? roundRows({ tensor, shape }, grids, rounding, known) : nearest(values, grids);
  return { q, grids, bits: format.bits };
}

/** Rows in as many parts as there are groups of inputs, each rounded by what it meets. */
function roundRows(
  { tensor, shape }: Pick<LayerWeights, "tensor" | "shape">,
  grids: Grids,
  rounding: Rounding,
  hessians: readonly Float64Array[],
): Int32Array {
  const { values, rows, k } = toMatrix(tensor, shape);
  const { places } = matrixPlaces(shape);
  const stored = new Int32Array(places.length);
  places.forEach((place, i) => {
    stored[place] = i;
  });
  const each = rows / hessians.length;
  const q = new Int32Array(places.length);
  hessians.forEach((hessian, part) => {
    const first = part * each;
    const rounded = rounding({
      values: values.subarray(first * k, (first + each) * k),
      ...{ rows: each, k, hessian },
      grid: (row, column) => gridOf(grids, grids.groups.at(stored[(first + row) * k + column])),
    });
    rounded.forEach((integer, i) => {
      q[stored[first * k + i]] = integer;
    });
  });
  return q;
}

function correctionOf(
  { weights: [own] }: Layer,
  quantized: QuantizedWeights,
  statistics: readonly InputStatistics[],
): Float32Array | undefined {
  const { tensor, shape } = own;
  // Directions have biases apart, which lie in between.
  if (shape.axis > 0 && shape.axis < shape.dims.length - 1 && shape.dims[0] !== 1) return undefined;
  const before = toMatrix(tensor, shape);
  const after = toMatrix({ ...tensor, data: weightsOf(quantized) } as LayerWeights["tensor"], shape);
  const each = before.values.length / statistics.length;
  const parts = statistics.map((one, i) =>
    biasCorrection(
      before.values.subarray(i * each, (i + 1) * each),
      after.values.subarray(i * each, (i + 1) * each),
      one.mean(),
    ),
  );
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
