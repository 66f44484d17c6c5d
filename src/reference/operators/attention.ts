// Attention and rotary embedding over a batch: each item through the functions of `attention.ts` and
// `rotary.ts`. These are octavox's operators (docs/operators.md); ONNX 23 has others under the same names,
// which are told apart by the attribute `heads`.

import { OctavoxError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type AttentionSizes, attention } from "../attention.ts";
import { integerAttention } from "../integer-attention.ts";
import { rotary } from "../rotary.ts";
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
} from "./operator.ts";

function headsOf({ node }: OperatorContext): number {
  if (typeof node.attributes.heads === "number") return node.attributes.heads;
  throw new OctavoxError("unsupported", `${node.op} "${node.name}"`, {
    expected: "octavox's operator, with the attribute heads",
    found: "ONNX's of the same name",
  });
}

/** [batch, past, width] and [batch, time, width] joined over time; without a past, the present. */
function appended(
  inputs: Inputs,
  present: number,
  past: number | undefined,
  context: OperatorContext,
): Tensor {
  const now = required(inputs, present, context);
  if (now.dims.length !== 3) throw misfit(inputs, context, "[batch, time, width]", `rank ${now.dims.length}`);
  const before = past === undefined ? undefined : inputs[past];
  if (past === undefined || !before) return now;
  const [batch, time, width] = now.dims;
  if (before.dims.length !== 3 || before.dims[0] !== batch || before.dims[2] !== width)
    throw misfit(inputs, context, `a past of [${batch}, time, ${width}]`, `[${before.dims.join(", ")}]`);
  const [old, added] = [floats(inputs, past, context), floats(inputs, present, context)];
  const total = before.dims[1] + time;
  const y = new Float32Array(batch * total * width);
  for (let item = 0; item < batch; item++) {
    y.set(old.subarray((item * old.length) / batch, ((item + 1) * old.length) / batch), item * total * width);
    y.set(
      added.subarray(item * time * width, (item + 1) * time * width),
      (item * total + before.dims[1]) * width,
    );
  }
  return tensorOf("float32", y, [batch, total, width]);
}

type Attend = (q: Float32Array, k: Float32Array, v: Float32Array, sizes: AttentionSizes) => Float32Array;

/** q, k, v, pastKey, pastValue → y, keys, values */
const attending =
  (attend: Attend): ReferenceOperator =>
  (inputs, context) => {
    const heads = headsOf(context);
    const q = appended(inputs, 0, undefined, context);
    const [keys, values] = [appended(inputs, 1, 3, context), appended(inputs, 2, 4, context)];
    const [batch, tq, qWidth] = q.dims;
    const [, tk, kWidth] = keys.dims;
    const vWidth = values.dims[2];
    const causal = numberOf(context, "causal", 0) === 1;
    const fits =
      kWidth === qWidth && tk > 0 && values.dims[1] === tk && qWidth % heads === 0 && vWidth % heads === 0;
    if (!fits || keys.dims[0] !== batch || values.dims[0] !== batch || (causal && tk < tq))
      throw misfit(inputs, context, `q, k, v of one batch, ${heads} heads and matching sizes`, "others");
    const sizes = {
      tq,
      tk,
      heads,
      qkWidth: qWidth / heads,
      vWidth: vWidth / heads,
      scale: numberOf(context, "scale", 1 / Math.sqrt(qWidth / heads)),
      causal: causal ? tk - tq : -1,
    };
    const part = (tensor: Tensor, item: number) => {
      const length = tensor.size / batch;
      return (tensor.data as Float32Array).subarray(item * length, (item + 1) * length);
    };
    const y = new Float32Array(batch * tq * vWidth);
    for (let item = 0; item < batch; item++)
      y.set(attend(part(q, item), part(keys, item), part(values, item), sizes), item * tq * vWidth);
    return [tensorOf("float32", y, [batch, tq, vWidth]), keys, values];
  };

/** x [batch, time, heads·width], cos and sin [time, rotary / 2] */
const turn: ReferenceOperator = (inputs, context) => {
  const heads = headsOf(context);
  const x = required(inputs, 0, context);
  const [data, cos, sin] = [0, 1, 2].map((i) => floats(inputs, i, context));
  const [batch, t, width] = x.dims;
  const pairs = required(inputs, 1, context).dims[1];
  const fits = x.dims.length === 3 && width % heads === 0 && 2 * pairs <= width / heads;
  if (!fits || cos.length !== t * pairs || sin.length !== cos.length)
    throw misfit(inputs, context, `x [batch, time, ${heads} heads], cos and sin [time, pairs]`, "others");
  const sizes = {
    t,
    heads,
    width: width / heads,
    rotary: 2 * pairs,
    interleaved: numberOf(context, "interleaved", 0) === 1,
  };
  const y = new Float32Array(data.length);
  for (let item = 0; item < batch; item++)
    y.set(rotary(data.subarray(item * t * width, (item + 1) * t * width), cos, sin, sizes), item * t * width);
  return [tensorOf("float32", y, x.dims)];
};

export const heads: Operators = {
  Attention: attending(attention),
  AttentionInteger: attending(integerAttention),
  RotaryEmbedding: turn,
};
