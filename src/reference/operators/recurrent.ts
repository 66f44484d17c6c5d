// LSTM, GRU and RNN. The frame of all three is one walk over time in one or two directions; what a step does
// is the cell. A step's gates are (x·Wᵀ + input bias) + (h·Rᵀ + recurrent bias), each product in the order of
// k, its bias last. An LSTM's h may be projected, and h may be on few bits where it meets weights, and c from step to step
// (attributes `state_bits`, `cell_bits`): octavox's additions to ONNX's operators.

import { OctavoxError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { exp, sigmoid, tanh } from "../functions.ts";
import { matmulF32 } from "../matmul.ts";
import { onOwnGrid } from "../recurrent.ts";
import { transposed } from "./movement.ts";
import {
  floats,
  type Inputs,
  misfit,
  numberOf,
  numbersOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  textOf,
} from "./operator.ts";

const f32 = Math.fround;

type Activation = (x: number) => number;

/** Activations by name, with their two parameters and the defaults of these. */
const activations: Readonly<
  Record<string, { alpha?: number; beta?: number; f: (x: number, alpha: number, beta: number) => number }>
> = {
  Sigmoid: { f: sigmoid },
  Tanh: { f: tanh },
  Relu: { f: (x) => Math.max(x, 0) },
  LeakyRelu: { alpha: 0.01, f: (x, alpha) => (x < 0 ? f32(alpha * x) : x) },
  ThresholdedRelu: { alpha: 1, f: (x, alpha) => (x > alpha ? x : 0) },
  Affine: { f: (x, alpha, beta) => f32(f32(alpha * x) + beta) },
  ScaledTanh: { f: (x, alpha, beta) => f32(alpha * tanh(f32(beta * x))) },
  HardSigmoid: {
    alpha: 0.2,
    beta: 0.5,
    f: (x, alpha, beta) => Math.max(0, Math.min(1, f32(f32(alpha * x) + beta))),
  },
  Elu: { alpha: 1, f: (x, alpha) => (x < 0 ? f32(alpha * f32(exp(x) - 1)) : x) },
  Softsign: { f: (x) => f32(x / f32(1 + Math.abs(x))) },
};

/** What a cell sees of one direction. Matrices are transposed: Wᵀ [input, gates·hidden], Rᵀ [width of h, …]. */
interface Direction {
  hidden: number;
  /** Of the state h: hidden, or what it is projected to. */
  width: number;
  recurrent: Float32Array;
  recurrentBias: Float32Array;
  /** Peephole weights of an LSTM, [3·hidden], or zeros. */
  peephole: Float32Array;
  /** [hidden, width] of an LSTM with one. */
  projection: Float32Array | undefined;
  functions: readonly Activation[];
  clip: number;
  /** What meets weights within a step, on its grid. */
  put(row: Float32Array): Float32Array;
}

/** The state of one batch item, replaced at every step: h [width], c [hidden]. */
interface State {
  h: Float32Array;
  c: Float32Array;
}

interface Cell {
  gates: number;
  /** Default activations of a direction. */
  activations: readonly string[];
  /** @param x the step's x·Wᵀ + bias, [gates·hidden] */
  step(x: Float32Array, state: State, direction: Direction, context: OperatorContext): State;
}

/** v·matrix + bias for a matrix [v.length, bias.length]. */
function times(v: Float32Array, matrix: Float32Array, bias: Float32Array): Float32Array {
  return matmulF32(v, matrix, [1, bias.length, v.length], bias);
}

function limited(x: number, clip: number): number {
  return clip > 0 ? Math.min(Math.max(x, -clip), clip) : x;
}

/** h′ = f(x + h·Rᵀ) */
const rnn: Cell = {
  gates: 1,
  activations: ["Tanh"],
  step(x, { h, c }, { recurrent, recurrentBias, functions: [f], clip, put }) {
    const gate = times(put(h), recurrent, recurrentBias);
    return { h: gate.map((value, i) => f(limited(f32(x[i] + value), clip))), c };
  },
};

/** Gates in the order input, output, forget, cell; peepholes input, output, forget. */
const lstm: Cell = {
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step(x, { h, c }, direction, context) {
    const { hidden, width, recurrent, recurrentBias, peephole, projection, clip, put } = direction;
    const [f, g, out] = direction.functions;
    const sums = times(put(h), recurrent, recurrentBias).map((value, i) => x[i] + value);
    const cellBits = numberOf(context, "cell_bits", 0);
    const coupled = numberOf(context, "input_forget", 0) === 1;
    const next: State = { h: new Float32Array(hidden), c: new Float32Array(hidden) };
    const gate = (which: number, i: number, memory: number) => {
      const peep = which < 3 ? f32(peephole[which * hidden + i] * memory) : 0;
      return limited(f32(sums[which * hidden + i] + peep), clip);
    };
    for (let i = 0; i < hidden; i++) {
      const input = f(gate(0, i, c[i]));
      const forget = coupled ? f32(1 - input) : f(gate(2, i, c[i]));
      next.c[i] = f32(forget * c[i]) + f32(input * g(gate(3, i, 0)));
      next.h[i] = f(gate(1, i, next.c[i])) * out(next.c[i]);
    }
    if (cellBits > 0) next.c = onOwnGrid(next.c, cellBits);
    if (projection) next.h = matmulF32(put(next.h), projection, [1, width, hidden]);
    return next;
  },
};

/** Gates in the order update z, reset r, candidate n: h′ = (1 − z)·n + z·h. */
const gru: Cell = {
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  step(x, { h, c }, { hidden, recurrent, recurrentBias, functions: [f, g], clip, put }, context) {
    const sums = times(put(h), recurrent, recurrentBias);
    const at = (gate: number) =>
      Float32Array.from(h, (_, i) => f(limited(f32(x[gate * hidden + i] + sums[gate * hidden + i]), clip)));
    const [update, reset] = [at(0), at(1)];
    // Before the product or after it: the two published forms of the reset gate.
    const after = numberOf(context, "linear_before_reset", 0) === 1;
    const candidates = after
      ? sums.map((value, i) => reset[i % hidden] * value)
      : times(put(h.map((value, i) => reset[i] * value)), recurrent, recurrentBias);
    const next = h.map((value, i) => {
      const candidate = g(limited(f32(x[2 * hidden + i] + candidates[2 * hidden + i]), clip));
      return f32(f32(1 - update[i]) * candidate) + f32(update[i] * value);
    });
    return { h: next, c };
  },
};

/** The activations of one direction: named in the attributes, or the cell's own. */
function functionsOf(cell: Cell, direction: number, context: OperatorContext): Activation[] {
  const count = cell.activations.length;
  const named = context.node.attributes.activations;
  const names = Array.isArray(named) ? (named as readonly string[]) : [];
  const [alphas, betas] = ["activation_alpha", "activation_beta"].map((name) => numbersOf(context, name));
  return cell.activations.map((own, i) => {
    const at = direction * count + i;
    const name = names[at] ?? own;
    const entry = Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (!entry) throw new OctavoxError("unsupported", `activation ${name} of node "${context.node.name}"`);
    const [alpha, beta] = [f32(alphas?.[at] ?? entry.alpha ?? 0), f32(betas?.[at] ?? entry.beta ?? 0)];
    return (x) => entry.f(x, alpha, beta);
  });
}

/** X [time, batch, input], W, R [directions, gates·hidden, ·], B, sequence lengths, initial h, c, peepholes, projection */
function recurrent(cell: Cell): ReferenceOperator {
  return (inputs, context) => {
    const batchFirst = numberOf(context, "layout", 0) === 1;
    const turned = (tensor: Tensor) => (batchFirst ? transposed(tensor, [1, 0, 2]) : tensor);
    const [time, batch, size] = turned(required(inputs, 0, context)).dims;
    const x = turned(required(inputs, 0, context)).data as Float32Array;
    const { directions, rows, hidden, width } = sizesOf(cell, size, inputs, context);
    const lengths = inputs[4]?.numbers() ?? new Array<number>(batch).fill(time);
    const y = new Float32Array(time * directions * batch * width);
    const last = {
      h: new Float32Array(directions * batch * width),
      c: new Float32Array(directions * batch * hidden),
    };
    const initial = [5, 6].map((i) => inputs[i] && (turned(inputs[i]).data as Float32Array));
    for (let d = 0; d < directions; d++) {
      const direction = directionOf(cell, d, { hidden, width }, inputs, context);
      const projected = project(x, d, size, rows, inputs, context);
      const backwards = textOf(context, "direction", "forward") === "reverse" || d === 1;
      for (let item = 0; item < batch; item++) {
        const at = d * batch + item;
        const start = (list: Float32Array | undefined, length: number) =>
          list?.slice(at * length, (at + 1) * length) ?? new Float32Array(length);
        let state: State = { h: start(initial[0], width), c: start(initial[1], hidden) };
        for (let step = 0; step < lengths[item]; step++) {
          const t = backwards ? lengths[item] - 1 - step : step;
          const row = (t * batch + item) * rows;
          state = cell.step(projected.subarray(row, row + rows), state, direction, context);
          y.set(state.h, ((t * directions + d) * batch + item) * width);
        }
        last.h.set(state.h, at * width);
        last.c.set(state.c, at * hidden);
      }
    }
    const all = tensorOf("float32", y, [time, directions, batch, width]);
    const end = (data: Float32Array, length: number) =>
      turned(tensorOf("float32", data, [directions, batch, length]));
    const ends = [end(last.h, width), end(last.c, hidden)];
    return [batchFirst ? transposed(all, [2, 0, 1, 3]) : all, ...ends.slice(0, cell === lstm ? 2 : 1)];
  };
}

/** Sizes of a layer: rows are gates·hidden. */
function sizesOf(cell: Cell, size: number, inputs: Inputs, context: OperatorContext) {
  const [directions, rows, width] = required(inputs, 2, context).dims;
  const wide = required(inputs, 1, context).dims;
  const hidden = rows / cell.gates;
  const projected = cell === lstm ? inputs[8]?.dims : undefined;
  const fits = projected
    ? String(projected) === String([directions, hidden, width])
    : Number.isInteger(hidden) && hidden === width;
  if (fits && wide[1] === rows && wide[2] === size) return { directions, rows, hidden, width };
  const h = projected ? "projected" : "hidden";
  const expected = `W [.., ${cell.gates}·hidden, ${size}] and R [.., ${cell.gates}·hidden, ${h}]`;
  throw misfit(inputs, context, expected, "others");
}

/** Half of a direction's bias: 0 of the input, 1 of the recurrence. */
function biasOf(
  inputs: Inputs,
  direction: number,
  half: 0 | 1,
  rows: number,
  context: OperatorContext,
): Float32Array {
  if (!inputs[3]) return new Float32Array(rows);
  const start = (2 * direction + half) * rows;
  return floats(inputs, 3, context).subarray(start, start + rows);
}

/** x·Wᵀ + bias of every step at once. */
function project(
  x: Float32Array,
  direction: number,
  size: number,
  rows: number,
  inputs: Inputs,
  context: OperatorContext,
): Float32Array {
  const w = floats(inputs, 1, context).subarray(direction * rows * size, (direction + 1) * rows * size);
  return matmulF32(
    x,
    flipped(w, rows, size),
    [x.length / size, rows, size],
    biasOf(inputs, direction, 0, rows, context),
  );
}

function flipped(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return transposed(tensorOf("float32", matrix, [rows, columns]), [1, 0]).data as Float32Array;
}

function directionOf(
  cell: Cell,
  direction: number,
  { hidden, width }: { hidden: number; width: number },
  inputs: Inputs,
  context: OperatorContext,
): Direction {
  const rows = cell.gates * hidden;
  const stateBits = numberOf(context, "state_bits", 0);
  const part = (index: number, length: number) =>
    floats(inputs, index, context).subarray(direction * length, (direction + 1) * length);
  return {
    hidden,
    width,
    recurrent: flipped(part(2, rows * width), rows, width),
    recurrentBias: biasOf(inputs, direction, 1, rows, context),
    peephole: inputs[7] ? part(7, 3 * hidden) : new Float32Array(3 * hidden),
    projection: cell === lstm && inputs[8] ? part(8, hidden * width) : undefined,
    functions: functionsOf(cell, direction, context),
    clip: f32(numberOf(context, "clip", 0)),
    put: (row) => (stateBits > 0 ? onOwnGrid(row, stateBits) : row),
  };
}

export const recurrence: Operators = { RNN: recurrent(rnn), LSTM: recurrent(lstm), GRU: recurrent(gru) };
