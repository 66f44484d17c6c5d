// Trials of the kernels that treat every value alike, and of those that move values.

import type { KernelName } from "../../kernels/functions.ts";
import { copyStrided } from "../../reference/copy.ts";
import {
  type BinaryName,
  binaryFunctions,
  limit,
  type UnaryName,
  unaryFunctions,
} from "../../reference/elementwise-functions.ts";
import type { TypedArray } from "../../tensor/dtype.ts";
import { floats, noise, type Trial } from "./bench.ts";

function unary(name: UnaryName): Trial {
  return (kernels, bench) => {
    const x = floats(37);
    const [from, to] = [bench.put(x), bench.put(x)];
    kernels[`${name}_f32`](from, to, x.length);
    return { got: bench.get(to, x), want: x.map((value) => unaryFunctions[name](value)) };
  };
}

function binary(name: BinaryName): Trial {
  return (kernels, bench) => {
    const [a, b] = [floats(37), floats(37).reverse()];
    const to = bench.put(new Float32Array(37));
    kernels[`${name}_f32`](bench.put(a), bench.put(b), to, a.length);
    return { got: bench.get(to, a), want: a.map((value, i) => binaryFunctions[name](value, b[i])) };
  };
}

const byRow = ["add", "sub", "mul", "div"] as const;

function row(name: (typeof byRow)[number]): Trial {
  return (kernels, bench) => {
    const [a, b] = [floats(4 * 11), floats(11).reverse()];
    const to = bench.put(new Float32Array(4 * 11));
    kernels[`${name}_row_f32`](bench.put(a), bench.put(b), to, 4, 11);
    return { got: bench.get(to, a), want: a.map((value, i) => binaryFunctions[name](value, b[i % 11])) };
  };
}

/** Transposed, cut and turned around at once. */
function copy(name: "copy_strided_8" | "copy_strided_32"): Trial {
  return (kernels, bench) => {
    const x: TypedArray =
      name === "copy_strided_8" ? Uint8Array.from(noise(120), (v) => 255 * v) : floats(120);
    const [dims, strides] = [
      [2, 3, 2, 5],
      [60, -20, 1, 4],
    ] as const;
    const y = x.slice(0, 60).fill(0);
    const to = bench.put(y);
    const start = 40;
    kernels[name](bench.put(x) + start * x.BYTES_PER_ELEMENT, to, ...dims, ...strides);
    const got = bench.get(to, y);
    copyStrided(x, start, dims, strides, y);
    return { got, want: y };
  };
}

const clamp: Trial = (kernels, bench) => {
  const x = floats(37);
  const to = bench.put(x);
  kernels.clamp_f32(bench.put(x), to, x.length, -1, 2);
  return { got: bench.get(to, x), want: limit(x.slice(), -1, 2) };
};

export const values: Partial<Record<KernelName, Trial>> = Object.fromEntries([
  ...(Object.keys(unaryFunctions) as UnaryName[]).map((name) => [`${name}_f32`, unary(name)] as const),
  ...(Object.keys(binaryFunctions) as BinaryName[]).map((name) => [`${name}_f32`, binary(name)] as const),
  ...byRow.map((name) => [`${name}_row_f32`, row(name)] as const),
  ["clamp_f32", clamp] as const,
  ...(["copy_strided_8", "copy_strided_32"] as const).map((name) => [name, copy(name)] as const),
]);
