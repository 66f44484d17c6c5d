// The check at load: a kernel that this host's engine compiles wrongly must not be used, and only running it tells.
// Each trial runs kernels once on small numbers, with corrections and accumulators that are not zero, and compares
// with the reference bit for bit.

import type { KernelFunctions, KernelName } from "../kernels/functions.ts";
import { GROUP, PANEL, packPanels } from "../kernels/layout.ts";
import { attention } from "../reference/attention.ts";
import { type UnaryName, unaryFunctions } from "../reference/elementwise-functions.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32, rowSumsU8 } from "../reference/matmul.ts";

import { dynamicQuantize } from "../reference/quantize.ts";
import { layerNorm, softmax } from "../reference/rows.ts";
import type { TypedArray } from "../tensor/dtype.ts";

type Result = { got: TypedArray; want: TypedArray };
type Trial = (kernels: KernelFunctions, bench: Bench) => Result;

/** Scratch space for one trial: puts arrays into the memory and reads them back. */
class Bench {
  private readonly memory: WebAssembly.Memory;
  private next = 64;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  put(data: TypedArray): number {
    const pointer = this.next;
    this.next += Math.ceil((data.byteLength + 128) / 64) * 64;
    new Uint8Array(this.memory.buffer).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      pointer,
    );
    return pointer;
  }

  get<T extends TypedArray>(pointer: number, like: T): T {
    const bytes = this.memory.buffer.slice(pointer, pointer + like.byteLength);
    return new (like.constructor as new (buffer: ArrayBuffer) => T)(bytes);
  }
}

/** Repeatable numbers in 0…1: no trial may depend on luck. */
function noise(count: number): number[] {
  let state = 12345;
  return Array.from(
    { length: count },
    () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff,
  );
}

const floats = (count: number): Float32Array => Float32Array.from(noise(count), (x) => 8 * x - 4);

function product(m: number, n: number, k: number, finish: "i32" | "f32"): Trial {
  return (kernels, bench) => {
    const a = Uint8Array.from(noise(m * k), (x) => Math.round(255 * x));
    const b = Int8Array.from(noise(k * n), (x) => Math.round(255 * x) - 128);
    const bZeros = Int32Array.from(noise(n), (x) => Math.round(20 * x) - 10);
    const [scales, bias] = [floats(n), floats(n)];
    const sums = Int32Array.from({ length: n }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < k; row++) sum += b[row * n + column];
      return sum;
    });
    const [x, panels, c] = [bench.put(a), bench.put(packPanels(b, k, n)), bench.put(new Int32Array(m * n))];
    const rowSums = bench.put(new Int32Array(m));
    kernels.row_sums_u8(x, k, m, k, rowSums);
    const common = [
      x,
      k,
      panels,
      c,
      n * 4,
      m,
      n,
      k,
      77,
      bench.put(sums),
      bench.put(bZeros),
      rowSums,
    ] as const;
    const zeros = { aZero: 77, bZeros };
    if (finish === "i32") {
      kernels.matmul_u8s8_i32(...common);
      const want = matmulU8S8I32(a, b, [m, n, k], zeros);
      return { got: bench.get(c, want), want };
    }
    kernels.matmul_u8s8_f32(...common, Math.fround(0.37), bench.put(scales), bench.put(bias));
    const want = matmulU8S8F32(a, b, [m, n, k], zeros, { aScale: Math.fround(0.37), bScales: scales, bias });
    return { got: bench.get(c, want), want };
  };
}

function unary(name: UnaryName): Trial {
  return (kernels, bench) => {
    const x = floats(37);
    const [from, to] = [bench.put(x), bench.put(x)];
    kernels[`${name}_f32`](from, to, x.length);
    return { got: bench.get(to, x), want: x.map((value) => unaryFunctions[name](value)) };
  };
}

const rowTrials: Partial<Record<KernelName, Trial>> = {
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
  attention_f32(kernels, bench) {
    const [q, k, v] = [floats(3 * 20), floats(7 * 20), floats(7 * 20)];
    const sizes = { tq: 3, tk: 7, heads: 2, qkWidth: 10, vWidth: 10, scale: 0.25, causal: 4 };
    const [x, y] = [bench.put(q), bench.put(q)];
    const scratch = bench.put(new Float32Array(4 * (7 + 16)));
    kernels.attention_f32(
      x,
      80,
      bench.put(k),
      80,
      bench.put(v),
      80,
      y,
      80,
      3,
      7,
      2,
      10,
      10,
      0.25,
      4,
      scratch,
    );
    return { got: bench.get(y, q), want: attention(q, k, v, sizes) };
  },
  matmul_f32(kernels, bench) {
    const [m, n, k] = [7, 11, 13];
    const [a, b] = [floats(m * k), floats(k * n)];
    const c = bench.put(new Float32Array(m * n));
    kernels.matmul_f32(bench.put(a), k * 4, bench.put(b), n * 4, c, n * 4, m, n, k, 0);
    const want = matmulF32(a, b, [m, n, k]);
    return { got: bench.get(c, want), want };
  },
  dynamic_quantize_u8(kernels, bench) {
    const x = floats(45);
    const [y, scale, zero] = [
      bench.put(new Uint8Array(45)),
      bench.put(new Float32Array(1)),
      bench.put(new Uint8Array(1)),
    ];
    kernels.dynamic_quantize_u8(bench.put(x), 45, y, scale, zero);
    const want = dynamicQuantize(x);
    const got = [
      ...bench.get(y, want.y),
      bench.get(scale, new Float32Array(1))[0],
      bench.get(zero, new Uint8Array(1))[0],
    ];
    return { got: Float64Array.from(got), want: Float64Array.from([...want.y, want.scale, want.zero]) };
  },
  row_sums_u8(kernels, bench) {
    const a = Uint8Array.from(noise(5 * 21), (x) => Math.round(255 * x));
    const sums = bench.put(new Int32Array(5));
    kernels.row_sums_u8(bench.put(a), 21, 5, 21, sums);
    return { got: bench.get(sums, new Int32Array(5)), want: rowSumsU8(a, 5, 21) };
  },
};

/** Shapes that reach every part of a tile: whole ones, leftover rows, columns and values of K, and one row. */
const shapes = [
  [13, 2 * PANEL + 3, 8 * GROUP + 1],
  [1, 5 * PANEL + 5, 8 * GROUP + 2],
] as const;

const trials: readonly (readonly [string, Trial])[] = [
  ...shapes.flatMap(([m, n, k]) => [
    ["matmul_u8s8_i32", product(m, n, k, "i32")] as const,
    ["matmul_u8s8_f32", product(m, n, k, "f32")] as const,
  ]),
  ...(Object.keys(unaryFunctions) as UnaryName[]).map((name) => [`${name}_f32`, unary(name)] as const),
  ...(Object.entries(rowTrials) as [string, Trial][]),
];

/** The name of the first kernel whose result differs from the reference's, or undefined when all agree. */
export function firstDifference(kernels: KernelFunctions, memory: WebAssembly.Memory): string | undefined {
  for (const [name, trial] of trials) {
    const { got, want } = trial(kernels, new Bench(memory));
    if (!got.every((value: number | bigint, index: number) => Object.is(value, want[index]))) return name;
  }
  return undefined;
}
