// Softmax and the normalisations: a shape turned into rows for the functions of `rows.ts`, and back.

import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { exp, log } from "../functions.ts";
import { groupNorm, largest, layerNorm, moments, softmax, sumInFours } from "../rows.ts";
import { positions } from "./broadcast.ts";
import { transposed } from "./movement.ts";
import {
  around,
  axisOf,
  build,
  floats,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

const f32 = Math.fround;

type RowFunction = (x: Float32Array, n: number) => Float32Array;

/** x − max − ln Σe^(x − max) */
const logSoftmax: RowFunction = (x, n) => {
  const y = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += n) {
    const max = largest(n, (i) => x[start + i]);
    const logSum = log(sumInFours(n, (i) => exp(f32(x[start + i] - max))));
    for (let i = 0; i < n; i++) y[start + i] = f32(x[start + i] - max) - logSum;
  }
  return y;
};

/** 1 at the first largest element, 0 elsewhere. */
const hardmax: RowFunction = (x, n) => {
  const y = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += n) {
    const row = x.subarray(start, start + n);
    y[start + row.indexOf(largest(n, (i) => row[i]))] = 1;
  }
  return y;
};

/** Along one axis; before opset 13 over it and all the axes after it together. */
function alongAxis(f: RowFunction): ReferenceOperator {
  return (inputs, context) => {
    const { dims } = required(inputs, 0, context);
    const data = floats(inputs, 0, context);
    const axis = axisOf(numberOf(context, "axis", context.opset < 13 ? 1 : -1), dims.length, inputs, context);
    const { size, inner } = around(dims, axis);
    if (context.opset < 13) return [tensorOf("float32", f(data, size * inner), dims)];
    if (inner === 1) return [tensorOf("float32", f(data, size), dims)];
    const blocks = tensorOf("float32", data, [data.length / (size * inner), size, inner]);
    const rows = transposed(blocks, [0, 2, 1]);
    const y = tensorOf("float32", f(rows.data as Float32Array, size), rows.dims);
    return [transposed(y, [0, 2, 1]).reshape(dims)];
  };
}

/** An input broadcast to the normalised axes. */
function spread(
  inputs: Inputs,
  index: number,
  dims: readonly number[],
  context: OperatorContext,
): Float32Array | undefined {
  const tensor = inputs[index];
  if (!tensor) return undefined;
  const data = floats(inputs, index, context);
  const at = positions(tensor, dims);
  if (at && tensor.dims.some((dim, i) => dim !== 1 && dim !== dims[i - tensor.dims.length + dims.length]))
    throw misfit(
      inputs,
      context,
      `input ${index} that broadcasts to [${dims.join(", ")}]`,
      `[${tensor.dims.join(", ")}]`,
    );
  return at ? Float32Array.from(at, (from) => data[from]) : data;
}

/** Over an axis and all after it. Further outputs: mean and 1/√(variance + ε). */
const layerNormalization: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const x = floats(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", -1), dims.length, inputs, context);
  const inner = dims.slice(axis);
  const n = sizeOf(inner);
  const epsilon = numberOf(context, "epsilon", 1e-5);
  const [weight, bias] = [1, 2].map((i) => spread(inputs, i, inner, context));
  const y = tensorOf("float32", layerNorm(x, n, epsilon, weight, bias), dims);
  if (context.node.outputs.length === 1) return [y];
  const rows = Array.from({ length: x.length / n }, (_, row) =>
    moments(x.subarray(row * n, (row + 1) * n), epsilon),
  );
  const each = [...dims.slice(0, axis), ...inner.map(() => 1)];
  return [y, build("float32", each, (i) => rows[i].mean), build("float32", each, (i) => rows[i].inverse)];
};

/** x/√(mean of squares + ε)·weight */
const rmsNormalization: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const x = floats(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", -1), dims.length, inputs, context);
  const n = sizeOf(dims.slice(axis));
  const epsilon = f32(numberOf(context, "epsilon", 1e-5));
  const weight = spread(inputs, 1, dims.slice(axis), context);
  const inverse = Array.from({ length: x.length / n }, (_, row) => {
    const squares = sumInFours(n, (i) => f32(x[row * n + i] * x[row * n + i]));
    return f32(1 / f32(Math.sqrt(f32(f32(squares / n) + epsilon))));
  });
  return [build("float32", dims, (i) => f32(x[i] * inverse[Math.floor(i / n)]) * (weight?.[i % n] ?? 1))];
};

/** x [batch, channels, ..] in groups of channels, each normalised with all its positions, then per channel. */
function grouped(groups: (channels: number, context: OperatorContext) => number): ReferenceOperator {
  return (inputs, context) => {
    const { dims } = required(inputs, 0, context);
    const [x, weight, bias] = [0, 1, 2].map((i) => floats(inputs, i, context));
    const [channels, positions] = [dims[1], sizeOf(dims.slice(2))];
    const count = groups(channels, context);
    const width = (channels / count) * positions;
    if (
      dims.length < 2 ||
      !Number.isInteger(width) ||
      bias.length !== weight.length ||
      (weight.length !== channels && weight.length !== count)
    )
      throw misfit(inputs, context, `${channels} weights and biases, channels in ${count} groups`, "others");
    const epsilon = numberOf(context, "epsilon", 1e-5);
    const y = new Float32Array(x.length);
    for (let start = 0; start < x.length; start += width)
      y.set(groupNorm(x.subarray(start, start + width), 1, epsilon), start);
    const per = weight.length === channels ? positions : width;
    const affine = (value: number, i: number) => {
      const channel = Math.floor(i / per) % weight.length;
      return f32(f32(value * weight[channel]) + bias[channel]);
    };
    return [tensorOf("float32", y.map(affine), dims)];
  };
}

/** Channels last, one group for each batch item: x [batch, time, channels]. */
const groupNormLast: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const [x, weight, bias] = [0, 1, 2].map((i) => floats(inputs, i, context));
  const n = dims[2];
  if (dims.length !== 3 || weight.length !== n || bias.length !== n)
    throw misfit(inputs, context, "[batch, time, channels], weight and bias [channels]", "others");
  const [width, y] = [dims[1] * n, new Float32Array(x.length)];
  for (let start = 0; start < x.length; start += width)
    y.set(
      groupNorm(x.subarray(start, start + width), n, numberOf(context, "epsilon", 1e-5), weight, bias),
      start,
    );
  return [tensorOf("float32", y, dims)];
};

/** x, scale, bias, mean, variance; in training mode mean and variance are the batch's own. */
const batchNormalization: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => floats(inputs, i, context));
  const [channels, inner] = [dims[1] ?? 1, sizeOf(dims.slice(2))];
  if (mean.length !== channels) throw misfit(inputs, context, `${channels} channels`, `${mean.length}`);
  const training = numberOf(context, "training_mode", 0) === 1;
  const epsilon = f32(numberOf(context, "epsilon", 1e-5));
  const used = training ? batchMoments(x, channels, inner) : { mean, variance };
  const inverse = used.variance.map((value) => 1 / f32(Math.sqrt(f32(value + epsilon))));
  const normalise = (value: number, i: number) => {
    const c = Math.floor(i / inner) % channels;
    return f32(f32(f32(value - used.mean[c]) * inverse[c]) * scale[c]) + bias[c];
  };
  const y = tensorOf("float32", x.map(normalise), dims);
  if (!training) return [y];
  const momentum = f32(numberOf(context, "momentum", 0.9));
  const running = (old: Float32Array, now: Float32Array): Tensor =>
    tensorOf(
      "float32",
      old.map((value, c) => f32(value * momentum) + f32(now[c] * f32(1 - momentum))),
      [channels],
    );
  return [y, running(mean, used.mean), running(variance, used.variance)];
};

function batchMoments(
  x: Float32Array,
  channels: number,
  inner: number,
): { mean: Float32Array; variance: Float32Array } {
  const count = x.length / channels;
  const at = (c: number, i: number) => x[(Math.floor(i / inner) * channels + c) * inner + (i % inner)];
  const over = (f: (c: number, i: number) => number) =>
    Float32Array.from({ length: channels }, (_, c) => sumInFours(count, (i) => f(c, i)) / count);
  const mean = over(at);
  const variance = over((c, i) => f32(f32(at(c, i) - mean[c]) ** 2));
  return { mean, variance };
}

export const normalization: Operators = {
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: grouped((channels) => channels),
  GroupNormalization: grouped((_, context) => numberOf(context, "num_groups", 1)),
  GroupNorm: groupNormLast,
  BatchNormalization: batchNormalization,
};
