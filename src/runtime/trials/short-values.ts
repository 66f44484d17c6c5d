// Trials of the kernels between floats and 16 bits.

import type { KernelName } from "../../kernels/functions.ts";
import { dequantize, dynamicQuantizeS16, quantizeS16 } from "../../reference/quantize.ts";
import { floats, noise, type Trial } from "./bench.ts";

export const shortValues: Partial<Record<KernelName, Trial>> = {
  quantize_s16(kernels, bench) {
    const x = floats(45);
    const want = quantizeS16(x, 3e-5);
    const y = bench.put(new Int16Array(45));
    kernels.quantize_s16(bench.put(x), 45, y, Math.fround(3e-5));
    return { got: bench.get(y, want), want };
  },
  dynamic_quantize_s16(kernels, bench) {
    const x = floats(45);
    const [y, scale] = [bench.put(new Int16Array(45)), bench.put(new Float32Array(1))];
    kernels.dynamic_quantize_s16(bench.put(x), 45, y, scale);
    const want = dynamicQuantizeS16(x);
    const got = [...bench.get(y, want.y), bench.get(scale, new Float32Array(1))[0]];
    return { got: Float64Array.from(got), want: Float64Array.from([...want.y, want.scale]) };
  },
  dequantize_s16(kernels, bench) {
    const q = Int16Array.from(noise(37), (x) => 65536 * x - 32768);
    const y = new Float32Array(37);
    const to = bench.put(y);
    kernels.dequantize_s16(bench.put(q), q.length, to, Math.fround(0.03));
    return { got: bench.get(to, y), want: dequantize(q, 0.03, 0) };
  },
};
