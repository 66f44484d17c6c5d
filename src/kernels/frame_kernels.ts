// The kernels of front ends: their contract and their module. It is a module of its own, with a memory of its own:
// who wants features alone need not carry the run-time, and the run-time need not compile these.

import { ModuleBuilder } from "../wasm/index.ts";
import { addBinary, addUnary, binaryFormulas, unaryFormulas } from "./elementwise.ts";
import { addFourier } from "./fft.ts";
import { addFrames } from "./frames.ts";
import type { KernelFunctions, Pointer } from "./functions.ts";

/**
 * The conventions of `KernelFunctions` hold. "Frames" are four, interleaved: value i of all four is the vector at
 * 16·i, a complex value two vectors. Tables hold single numbers.
 */
export interface FrameFunctions
  extends Pick<KernelFunctions, "sqrt_f32" | "log_f32" | "max_f32" | "add_f32" | "mul_f32"> {
  /** y[i] = a[i], b[i], c[i], d[i] for i < n; a…d are rows at any multiple of 4. */
  interleave_f32(a: Pointer, b: Pointer, c: Pointer, d: Pointer, y: Pointer, n: number): void;
  /** Subtracts each frame's mean, in place; n values a frame. */
  centre_frames_f32(x: Pointer, n: number): void;
  /** x[i] − factor·x[i−1], x[−1] being x[0]; in place. */
  emphasise_frames_f32(x: Pointer, n: number, factor: number): void;
  /** x[i]·window[i], in place. */
  window_frames_f32(x: Pointer, window: Pointer, n: number): void;
  /** A stage of the transform, from x to y: see `Stage` in `src/features/fft.ts`. */
  fft_stage2_f32(x: Pointer, y: Pointer, twiddles: Pointer, length: number, repeat: number): void;
  fft_stage3_f32(x: Pointer, y: Pointer, twiddles: Pointer, length: number, repeat: number): void;
  fft_stage4_f32(x: Pointer, y: Pointer, twiddles: Pointer, length: number, repeat: number): void;
  fft_stage5_f32(x: Pointer, y: Pointer, twiddles: Pointer, length: number, repeat: number): void;
  /** The powers of half + 1 bins from the transform of half complex values. */
  fft_power_f32(z: Pointer, y: Pointer, twiddles: Pointer, half: number): void;
  /** y[r] = Σ weights·x over a run of x; `runs` int32[rows][2]: first value and count. Weights follow each other. */
  run_sums_f32(x: Pointer, y: Pointer, runs: Pointer, weights: Pointer, rows: number): void;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * The kernels on a memory; the module is compiled once.
 * @throws WebAssembly.CompileError on a host without fixed-width SIMD
 */
export async function loadFrameKernels(memory: WebAssembly.Memory): Promise<FrameFunctions> {
  compiled ??= WebAssembly.compile(emitFrameKernels());
  const { exports } = await WebAssembly.instantiate(await compiled, { env: { memory } });
  return exports as unknown as FrameFunctions;
}

export function emitFrameKernels(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 0 });
  addFrames(module);
  addFourier(module);
  for (const name of ["sqrt", "log"] as const) addUnary(module, name, unaryFormulas[name]);
  for (const name of ["max", "add", "mul"] as const) addBinary(module, name, binaryFormulas[name]);
  return module.toBytes();
}
