// Binders of the operators that work along rows: softmax, the norms.

import { fixedDims, isVectorOf } from "../operand.ts";
import { asRows, type Binder } from "../step.ts";

const layerNorm: Binder = {
  bind({ node, inputs, outputs, kernels: { layer_norm_f32 } }) {
    const dims = fixedDims(inputs[0]);
    const { axis = -1, epsilon = 1e-5 } = node.attributes as { axis?: number; epsilon?: number };
    if (!dims || (axis !== -1 && axis !== dims.length - 1) || outputs.length > 1) return undefined;
    const { rows, width } = asRows(dims);
    if (!inputs.slice(1).every((weights) => isVectorOf(weights, width))) return undefined;
    const [x, y] = [inputs[0]!.pointer, outputs[0].pointer];
    const [weight, bias] = [inputs[1]?.pointer ?? 0, inputs[2]?.pointer ?? 0];
    return () => layer_norm_f32(x, y, rows, width, epsilon, weight, bias);
  },
};

const groupNorm: Binder = {
  bind({ node, inputs, outputs, kernels: { group_norm_f32 } }) {
    const dims = fixedDims(inputs[0]);
    if (dims?.length !== 3 || !inputs.slice(1).every((weights) => isVectorOf(weights, dims[2])))
      return undefined;
    const [batches, time, channels] = dims;
    const [x, y, weight, bias] = [inputs[0]!, outputs[0], inputs[1]!, inputs[2]!].map(
      (operand) => operand.pointer,
    );
    const epsilon = node.attributes.epsilon as number;
    return () => {
      for (let batch = 0, offset = 0; batch < batches; batch++, offset += time * channels * 4)
        group_norm_f32(x + offset, y + offset, time, channels, epsilon, weight, bias);
    };
  },
};

const softmax: Binder = {
  bind({ node, inputs, outputs, kernels: { softmax_f32 } }) {
    const dims = fixedDims(inputs[0]);
    const axis = (node.attributes.axis as number | undefined) ?? -1;
    if (!dims || dims.length === 0 || (axis !== -1 && axis !== dims.length - 1)) return undefined;
    const { rows, width } = asRows(dims);
    const [x, y] = [inputs[0]!.pointer, outputs[0].pointer];
    return () => softmax_f32(x, y, rows, width);
  },
};

export const rows: Record<string, Binder> = {
  LayerNormalization: layerNorm,
  GroupNorm: groupNorm,
  Softmax: softmax,
};
