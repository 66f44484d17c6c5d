// Trials of the kernels that work along rows: softmax and the norms.

import type { KernelName } from "../../kernels/functions.ts";
import { groupNorm, layerNorm, softmax } from "../../reference/rows.ts";
import { floats, type Trial } from "./bench.ts";

export const rows: Partial<Record<KernelName, Trial>> = {
  softmax_f32(kernels, bench) {
    const x = floats(3 * 19);
    const [from, to] = [bench.put(x), bench.put(x)];
    kernels.softmax_f32(from, to, 3, 19);
    return { got: bench.get(to, x), want: softmax(x, 19) };
  },
  layer_norm_f32(kernels, bench) {
    const [x, weight] = [floats(3 * 19), floats(19)];
    const [from, to] = [bench.put(x), bench.put(x)];
    kernels.layer_norm_f32(from, to, 3, 19, 1e-5, bench.put(weight), 0);
    return { got: bench.get(to, x), want: layerNorm(x, 19, 1e-5, weight) };
  },
  group_norm_f32(kernels, bench) {
    const [x, weight] = [floats(5 * 11), floats(22)];
    const bias = weight.subarray(11);
    const [from, to] = [bench.put(x), bench.put(x)];
    kernels.group_norm_f32(from, to, 5, 11, 1e-5, bench.put(weight.subarray(0, 11)), bench.put(bias));
    return { got: bench.get(to, x), want: groupNorm(x, 11, 1e-5, weight.subarray(0, 11), bias) };
  },
};
