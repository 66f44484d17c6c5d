// The check at load: kernels that this host's engine compiles wrongly must not be used, and only running them tells.

import { type FrameEngine, plainEngine } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";
import { presets } from "./presets.ts";
import { type Tables, tablesOf } from "./tables.ts";

/** Reaches every kernel: 240 is made of 4, 2, 3 and 5, and five frames leave lanes over. */
const preset: FeaturePreset = {
  ...presets["kaldi-fbank"],
  ...{ window: { kind: "hamming", length: 203, periodic: true }, hop: 61, fft: 240, spectrum: "magnitude" },
  mel: { ...presets["kaldi-fbank"].mel, bands: 9 },
  log: { base: "10", floor: 1e-3, offset: 1e-3 },
  dct: { count: 7, norm: "orthonormal" },
};
const FRAMES = 5;

/** Why an engine must not be used here; undefined when it gives the bits of the plain code. */
export async function objectionTo(
  engineFor: (preset: FeaturePreset, tables: Tables) => Promise<FrameEngine>,
): Promise<string | undefined> {
  const tables = tablesOf(preset);
  const length = preset.window.length + (FRAMES - 1) * preset.hop;
  const samples = Float32Array.from({ length }, (_, i) => ((i * i * 37 + i * 11) % 2001) / 1000 - 1);
  const rowsOf = (engine: FrameEngine) => {
    const rows = new Float32Array(FRAMES * 7);
    engine.run(samples, 0, FRAMES, rows, 0);
    return rows;
  };
  try {
    const found = rowsOf(await engineFor(preset, tables));
    const wanted = rowsOf(plainEngine(preset, tables));
    const same = found.every((value, i) => Object.is(value, wanted[i]));
    return same ? undefined : "kernels of features differ from the reference on this host";
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return "kernels of features need WebAssembly with fixed-width SIMD";
  }
}
