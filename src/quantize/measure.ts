// The float model and the quantized one side by side over the clips: what each layer's output lost, what its input
// lost by being put on a grid, and whether both give the same answer.

import type { Graph, Model } from "../model/graph.ts";
import { exposeValues } from "../passes/expose.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ActivationUse } from "./activations.ts";
import { type CalibrationSet, type Values, type WalkOptions, walk } from "./calibrate.ts";
import { addError, decibels, type ErrorSums, noError } from "./error.ts";
import { type Grid, gridFor, onGrid, rangeOf } from "./grid.ts";
import type { Layer } from "./layers.ts";
import type { Agreement } from "./report.ts";
import type { ActivationFormat } from "./schemes.ts";

export interface Measured {
  /** By layer. */
  outputs: ReadonlyMap<string, ErrorSums>;
  inputs: ReadonlyMap<string, ErrorSums>;
  agreement: Agreement;
}

export interface MeasureRequest {
  float: Model;
  quantized: Model;
  layers: readonly Layer[];
  uses: readonly ActivationUse[];
  gridOf(value: string, format: ActivationFormat): Grid;
}

/** Both models run clip after clip; of every clip only sums are kept. */
export async function measure(
  { float, quantized, layers, uses, gridOf }: MeasureRequest,
  set: CalibrationSet,
  options: WalkOptions,
): Promise<Measured> {
  const sums = (): Map<string, ErrorSums> => new Map(layers.map(({ name }) => [name, noError()]));
  const [outputs, inputs] = [sums(), sums()];
  const inputUses = new Map(uses.map((use) => [`${use.node.name}\n${use.at}`, use]));
  const outputFormats = new Map(uses.map(({ value, format }) => [value, format]));
  const agreement = new AgreementCounter(float.graphs[0]);
  const values = layers.flatMap(({ input, output }) => [input, output]);
  const models = [exposed(float, values), exposed(quantized, values)];
  await walk(models, set, { ...options, stage: "measuring" }, ([before, after]) => {
    for (const { name, input, output } of layers) {
      const format = outputFormats.get(output);
      const given = after[output].data as Float32Array;
      const seen = format ? given.map(snap(output, format, given, gridOf)) : given;
      addError(outputs.get(name)!, before[output].data as Float32Array, seen);
      const use = inputUses.get(`${name}\n0`);
      if (!use) continue;
      const x = before[input].data as Float32Array;
      const { min, max } = rangeFor(input, use.format, x, gridOf);
      const put = x.map(snap(input, use.format, x, gridOf));
      addError(inputs.get(name)!, x, put, (value) => value < min || value > max);
    }
    agreement.add(before, after);
  });
  return { outputs, inputs, agreement: agreement.result() };
}

/** Rounds to the value's grid; one found on the fly is of this very tensor. */
function snap(
  value: string,
  format: ActivationFormat,
  data: Float32Array,
  gridOf: MeasureRequest["gridOf"],
): (x: number) => number {
  const grid = gridNow(value, format, data, gridOf);
  return (x) => onGrid(grid, x);
}

/** The grid's range, with half a step at each end: what rounds to an end is not outside. */
function rangeFor(
  value: string,
  format: ActivationFormat,
  data: Float32Array,
  gridOf: MeasureRequest["gridOf"],
): { min: number; max: number } {
  const grid = gridNow(value, format, data, gridOf);
  const { min, max } = rangeOf(grid);
  return { min: min - grid.scale / 2, max: max + grid.scale / 2 };
}

function gridNow(
  value: string,
  format: ActivationFormat,
  data: Float32Array,
  gridOf: MeasureRequest["gridOf"],
): Grid {
  if (format.range === "calibrated") return gridOf(value, format);
  let [min, max] = [0, 0];
  for (const x of data) {
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return gridFor({ min, max }, format);
}

/** Values that are inputs of the graph are there anyway. */
function exposed(model: Model, values: Iterable<string>): Model {
  const computed = new Set(model.graphs[0].nodes.flatMap((node) => node.outputs));
  const graph = exposeValues(
    model.graphs[0],
    [...values].filter((name) => computed.has(name)),
  );
  return { ...model, graphs: [graph] };
}

/** Counts answers that differ. An output of two or more numbers a row is taken for classes. */
export class AgreementCounter {
  private readonly output: string;
  private readonly sums = noError();
  private clips = 0;
  private differing = 0;
  private classes = false;

  constructor(graph: Graph) {
    this.output = graph.outputs[0].name;
  }

  add(before: Values, after: Values): void {
    const [a, b] = [before[this.output], after[this.output]];
    addError(this.sums, a.data as Float32Array, b.data as Float32Array);
    this.classes = a.dims.length === 2 && a.dims[0] === 1 && a.dims[1] > 1;
    this.clips++;
    if (this.classes && mostLikely(a) !== mostLikely(b)) this.differing++;
  }

  result(): Agreement {
    const disagreement = this.classes ? (100 * this.differing) / this.clips : null;
    return { clips: this.clips, disagreement, sqnr: decibels(this.sums) };
  }
}

/** The first of the greatest numbers. */
export function mostLikely({ data }: Tensor): number {
  const scores = data as Float32Array;
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}
