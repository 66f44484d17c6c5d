// Trials of the steps of recurrent layers.

import type { KernelName } from "../../kernels/functions.ts";
import { gruBlend, lstmCell } from "../../reference/recurrent.ts";
import { floats, type Trial } from "./bench.ts";

export const recurrentTrials: Partial<Record<KernelName, Trial>> = {
  lstm_cell_f32(kernels, bench) {
    const n = 11;
    const [gates, c, peephole] = [floats(4 * n), floats(n), floats(3 * n).reverse()];
    const at = bench.put(gates);
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => at + 4 * n * gate);
    const [h, memory] = [bench.put(c), bench.put(c)];
    kernels.lstm_cell_f32(i, o, f, g, memory, h, memory, n, bench.put(peephole));
    const want = lstmCell(gates, c, "ifco", peephole);
    const joined = (first: Float32Array, second: Float32Array) => Float32Array.of(...first, ...second);
    return { got: joined(bench.get(h, c), bench.get(memory, c)), want: joined(want, c) };
  },
  gru_blend_f32(kernels, bench) {
    const [update, sums, h] = [floats(11), floats(11).reverse(), floats(22).subarray(11)];
    const y = bench.put(h);
    kernels.gru_blend_f32(bench.put(update), bench.put(sums), bench.put(h), y, 11);
    return { got: bench.get(y, h), want: gruBlend(update, sums, h) };
  },
};
