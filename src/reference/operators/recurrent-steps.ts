// octavox's recurrent operators, in floats and with 8-bit matrices: walks over time from the input's part of the gates,
// and one step of an LSTM.

import type { Tensor } from "../../tensor/tensor.ts";
import {
  floatProduct,
  gruBlend,
  gruGates,
  integerProduct,
  lstmCell,
  onOwnGrid,
  type RowProduct,
  shortProduct,
} from "../recurrent.ts";
import {
  floats,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  textOf,
} from "./operator.ts";

const f32 = Math.fround;

/** The product with matrix `at` of a node: float32, or int8 with scale and zero point at `scaleAt`. */
function productOf(inputs: Inputs, at: number, scaleAt: number, context: OperatorContext): RowProduct {
  const { data, dims } = required(inputs, at, context);
  const [k, n] = dims;
  if (dims.length !== 2) throw misfit(inputs, context, `a matrix as input ${at}`, `${dims.length} axes`);
  if (data instanceof Float32Array) return floatProduct(data, k, n);
  const columns = (index: number, otherwise: number): number[] => {
    const values = inputs[index]?.numbers() ?? [otherwise];
    if (values.length === n) return values;
    if (values.length !== 1) throw misfit(inputs, context, `1 or ${n} values as input ${index}`, "others");
    return new Array<number>(n).fill(values[0]);
  };
  const scales = Float32Array.from(columns(scaleAt, 1));
  const shorts = context.node.op.endsWith("16");
  if (shorts && (data instanceof Int8Array || data instanceof Int16Array))
    return shortProduct(data, k, n, scales);
  if (!(data instanceof Int8Array)) throw misfit(inputs, context, "float32 or int8", "another type");
  const bits = numberOf(context, "bits", 8);
  return integerProduct(data, k, n, scales, Int32Array.from(columns(scaleAt + 1, 0)), bits);
}

/** x [time, batch, gates·hidden] and how it is walked: forwards or backwards. */
function walkOf(inputs: Inputs, gates: number, context: OperatorContext) {
  const x = floats(inputs, 0, context);
  const { dims } = required(inputs, 0, context);
  const [time, batch, wide] = dims;
  const hidden = wide / gates;
  if (dims.length !== 3 || !Number.isInteger(hidden))
    throw misfit(inputs, context, `x [time, batch, ${gates}·hidden]`, `[${dims.join(", ")}]`);
  const backwards = numberOf(context, "backwards", 0) === 1;
  const order = Array.from({ length: time }, (_, t) => (backwards ? time - 1 - t : t));
  const frame = (t: number, item: number): Float32Array =>
    x.subarray((t * batch + item) * wide, (t * batch + item + 1) * wide);
  return { time, batch, hidden, order, frame };
}

/** A batch item's state, [1, batch, width]; zeros where it is left out. */
function stateOf(
  inputs: Inputs,
  at: number,
  item: number,
  [batch, width]: readonly [number, number],
  context: OperatorContext,
): Float32Array {
  if (!inputs[at]) return new Float32Array(width);
  const data = floats(inputs, at, context);
  if (data.length !== batch * width)
    throw misfit(inputs, context, `[1, ${batch}, ${width}] as input ${at}`, `${data.length} values`);
  return data.slice(item * width, (item + 1) * width);
}

/** Results of a walk: all h, the last ones, and of an LSTM the last c. */
class Results {
  readonly y: Float32Array;
  readonly h: Float32Array;
  readonly time: number;
  readonly batch: number;
  readonly width: number;

  constructor(time: number, batch: number, width: number) {
    this.time = time;
    this.batch = batch;
    this.width = width;
    this.y = new Float32Array(time * batch * width);
    this.h = new Float32Array(batch * width);
  }

  keep(t: number, item: number, h: Float32Array): void {
    this.y.set(h, (t * this.batch + item) * this.width);
    this.h.set(h, item * this.width);
  }

  tensors(): Tensor[] {
    return [
      tensorOf("float32", this.y, [this.time, this.batch, this.width]),
      tensorOf("float32", this.h, [1, this.batch, this.width]),
    ];
  }
}

/** x, R, projection, h, c, peepholes; then of 8-bit matrices scale and zero point of R, and of the projection */
const lstmSteps: ReferenceOperator = (inputs, context) => {
  const { time, batch, hidden, order, frame } = walkOf(inputs, 4, context);
  const [width, gates] = required(inputs, 1, context).dims;
  const projected = inputs[2]?.dims ?? [hidden, hidden];
  if (gates !== 4 * hidden || projected[0] !== hidden || projected[1] !== width)
    throw misfit(inputs, context, `R [width, ${4 * hidden}] and projection [${hidden}, width]`, "others");
  const recur = productOf(inputs, 1, 6, context);
  const project = inputs[2] ? productOf(inputs, 2, 8, context) : undefined;
  const peephole = inputs[5] && floats(inputs, 5, context);
  const cellBits = numberOf(context, "cell_bits", 0);
  const results = new Results(time, batch, width);
  const last = new Float32Array(batch * hidden);
  for (let item = 0; item < batch; item++) {
    let h = stateOf(inputs, 3, item, [batch, width], context);
    const c = stateOf(inputs, 4, item, [batch, hidden], context);
    results.h.set(h, item * width);
    for (const t of order) {
      const out = lstmCell(recur(h, frame(t, item)), c, "iofc", peephole);
      if (cellBits > 0) c.set(onOwnGrid(c, cellBits));
      h = project ? project(out) : out;
      results.keep(t, item, h);
    }
    last.set(c, item * hidden);
  }
  return [...results.tensors(), tensorOf("float32", last, [1, batch, hidden])];
};

/** x, R of update and reset, matrix of the candidate, h, bias; then scale and zero point of either 8-bit matrix */
const gruSteps: ReferenceOperator = (inputs, context) => {
  const { time, batch, hidden, order, frame } = walkOf(inputs, 3, context);
  const matrices = [1, 2].map((at) => required(inputs, at, context).dims);
  const wanted = [
    [hidden, 2 * hidden],
    [hidden, hidden],
  ];
  if (String(matrices) !== String(wanted))
    throw misfit(inputs, context, `matrices [${wanted.join("] and [")}]`, "others");
  const [recur, candidate] = [productOf(inputs, 1, 5, context), productOf(inputs, 2, 7, context)];
  const bias = inputs[4] && floats(inputs, 4, context);
  const after = numberOf(context, "linear_before_reset", 0) === 1;
  const results = new Results(time, batch, hidden);
  for (let item = 0; item < batch; item++) {
    let h = stateOf(inputs, 3, item, [batch, hidden], context);
    results.h.set(h, item * hidden);
    for (const t of order) {
      const x = frame(t, item);
      const gates = gruGates(recur(h, x.subarray(0, 2 * hidden)));
      const [reset, rest] = [gates.subarray(hidden), x.subarray(2 * hidden)];
      const sums = after
        ? candidate(h, bias).map((sum, i) => f32(reset[i] * sum) + rest[i])
        : candidate(
            h.map((value, i) => reset[i] * value),
            rest,
          );
      h = gruBlend(gates.subarray(0, hidden), sums, h);
      results.keep(t, item, h);
    }
  }
  return results.tensors();
};

/** gates [.., 4·hidden], c [.., hidden] → h, c */
const lstmStep: ReferenceOperator = (inputs, context) => {
  const [gates, c] = [floats(inputs, 0, context), floats(inputs, 1, context).slice()];
  const { dims } = required(inputs, 1, context);
  const hidden = dims.at(-1) ?? 1;
  if (gates.length !== 4 * c.length) throw misfit(inputs, context, "gates [.., 4·hidden]", "others");
  const h = new Float32Array(c.length);
  for (let at = 0; at < c.length; at += hidden) {
    const own = c.subarray(at, at + hidden);
    h.set(lstmCell(gates.subarray(4 * at, 4 * (at + hidden)), own, textOf(context, "order", "iofc")), at);
  }
  return [tensorOf("float32", h, dims), tensorOf("float32", c, dims)];
};

export const recurrentSteps: Operators = {
  LstmSteps: lstmSteps,
  LstmStepsInteger: lstmSteps,
  LstmStepsInteger16: lstmSteps,
  GruSteps: gruSteps,
  GruStepsInteger: gruSteps,
  GruStepsInteger16: gruSteps,
  LstmCell: lstmStep,
};
