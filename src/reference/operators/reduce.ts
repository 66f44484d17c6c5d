// Operators that make one value of many along axes: sums, means, extremes, positions, running sums.

import { sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { exp, log } from "../functions.ts";
import { sumInFours } from "../rows.ts";
import { walk } from "./broadcast.ts";
import { narrow, rounding } from "./numbers.ts";
import {
  around,
  axisOf,
  build,
  dataOf,
  kindOf,
  numberOf,
  numeric,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";
import { listFrom } from "./reshaping.ts";

const f32 = Math.fround;

/** One number of `count` numbers; `round` rounds to the element type. */
type Reduction = (count: number, value: (i: number) => number, round: (x: number) => number) => number;

/** Float32 sums are kept in four partial sums; the others in double precision, rounded at the end. */
const sum: Reduction = (count, value, round) => {
  if (round === f32) return sumInFours(count, value);
  let total = 0;
  for (let i = 0; i < count; i++) total += value(i);
  return round(total);
};

const largest: Reduction = (count, value) => {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) best = Math.max(best, value(i));
  return best;
};

const squares: Reduction = (count, value, round) => sum(count, (i) => round(value(i) * value(i)), round);

const logSumExp: Reduction = (count, value, round) => {
  const max = largest(count, value, round);
  if (!Number.isFinite(max)) return max;
  return round(max + log(sum(count, (i) => exp(round(value(i) - max)), round)));
};

const reductions: Readonly<Record<string, Reduction>> = {
  ReduceSum: sum,
  ReduceMean: (count, value, round) => round(sum(count, value, round) / count),
  ReduceMax: largest,
  ReduceMin: (count, value, round) => -largest(count, (i) => -value(i), round),
  ReduceProd: (count, value, round) => {
    let product = 1;
    for (let i = 0; i < count; i++) product = round(product * value(i));
    return product;
  },
  ReduceL1: (count, value, round) => sum(count, (i) => Math.abs(value(i)), round),
  ReduceL2: (count, value, round) => round(Math.sqrt(squares(count, value, round))),
  ReduceSumSquare: squares,
  ReduceLogSum: (count, value, round) => log(sum(count, value, round)),
  ReduceLogSumExp: logSumExp,
};

/** Without axes over all of them, or over none when `noop_with_empty_axes` is set. */
function reduce(reduction: Reduction): ReferenceOperator {
  return (inputs, context) => {
    const x = required(inputs, 0, context);
    const rank = x.dims.length;
    const listed = listFrom(inputs, 1, context, "axes")?.map((axis) => axisOf(axis, rank, inputs, context));
    if (!listed?.length && numberOf(context, "noop_with_empty_axes", 0) === 1) return [x];
    const over = new Set(listed?.length ? listed : x.dims.keys());
    const keep = numberOf(context, "keepdims", 1) === 1;
    return [reduceOver(x, over, keep, reduction)];
  };
}

function reduceOver(x: Tensor, over: ReadonlySet<number>, keep: boolean, reduction: Reduction): Tensor {
  const strides = stridesOf(x.dims);
  const part = (inside: boolean) => {
    const axes = [...x.dims.keys()].filter((axis) => over.has(axis) === inside);
    return walk(
      axes.map((axis) => x.dims[axis]),
      axes.map((axis) => strides[axis]),
    );
  };
  const [starts, steps] = [part(false), part(true)];
  const dims = x.dims.flatMap((dim, axis) => (over.has(axis) ? (keep ? [1] : []) : [dim]));
  const data = numeric(x);
  const whole = kindOf(x) !== "float";
  const round = rounding(x.dtype);
  return build(x.dtype, dims, (row) => {
    const start = starts[row];
    const result = reduction(steps.length, (i) => data[start + steps[i]], round);
    return whole ? Number(narrow(Math.trunc(result), x.dtype)) : result;
  });
}

/** Position of the extreme element; `better` says whether a later one takes its place. */
function extreme(sign: 1 | -1): ReferenceOperator {
  return (inputs, context) => {
    const x = required(inputs, 0, context);
    const axis = axisOf(numberOf(context, "axis", 0), x.dims.length, inputs, context);
    const last = numberOf(context, "select_last_index", 0) === 1;
    const { size, inner } = around(x.dims, axis);
    const dims = numberOf(context, "keepdims", 1) === 1 ? x.dims.with(axis, 1) : x.dims.toSpliced(axis, 1);
    const data = numeric(x);
    const find = (row: number) => {
      const start = Math.floor(row / inner) * size * inner + (row % inner);
      let best = 0;
      for (let i = 1; i < size; i++) {
        const ahead = sign * (data[start + i * inner] - data[start + best * inner]);
        if (ahead > 0 || (last && ahead === 0)) best = i;
      }
      return best;
    };
    return [build("int64", dims, find)];
  };
}

/** Running sum along an axis; `exclusive` leaves the element itself out, `reverse` starts at the end. */
const cumSum: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const axis = axisOf(required(inputs, 1, context).numbers()[0], x.dims.length, inputs, context);
  const [exclusive, reverse] = ["exclusive", "reverse"].map((name) => numberOf(context, name, 0) === 1);
  const { outer, size, inner } = around(x.dims, axis);
  const round = rounding(x.dtype);
  const data = numeric(x);
  const sums = new Float64Array(x.size);
  for (let row = 0; row < outer * inner; row++) {
    const start = Math.floor(row / inner) * size * inner + (row % inner);
    let total = 0;
    for (let step = 0; step < size; step++) {
      const at = start + (reverse ? size - 1 - step : step) * inner;
      const next = round(total + data[at]);
      sums[at] = exclusive ? total : next;
      total = next;
    }
  }
  return [build(x.dtype, x.dims, (i) => sums[i])];
};

/** The k largest (or smallest) along an axis, in order, and where they were. */
const topK: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", -1), x.dims.length, inputs, context);
  const k = inputs[1]?.numbers()[0] ?? numberOf(context, "k", 1);
  const sign = numberOf(context, "largest", 1) === 1 ? -1 : 1;
  const { outer, size, inner } = around(x.dims, axis);
  const dims = x.dims.with(axis, k);
  const [data, values] = [dataOf(x), numeric(x)];
  const y = build(x.dtype, dims, () => 0);
  const indices = new BigInt64Array(sizeOf(dims));
  for (let row = 0; row < outer * inner; row++) {
    const [before, after] = [Math.floor(row / inner), row % inner];
    const at = (i: number) => (before * size + i) * inner + after;
    const order = Array.from({ length: size }, (_, i) => i).sort(
      (a, b) => sign * (values[at(a)] - values[at(b)]) || a - b,
    );
    for (let i = 0; i < k; i++) {
      const to = (before * k + i) * inner + after;
      dataOf(y)[to] = data[at(order[i])] as never;
      indices[to] = BigInt(order[i]);
    }
  }
  return [y, tensorOf("int64", indices, dims)];
};

export const reducing: Operators = {
  ...Object.fromEntries(Object.entries(reductions).map(([name, reduction]) => [name, reduce(reduction)])),
  ArgMax: extreme(1),
  ArgMin: extreme(-1),
  CumSum: cumSum,
  TopK: topK,
};
