// The matrix products that there are: one line a family. What is not in this table is not in the module, and every line
// has a definition in `src/reference`, a trial at load and a way for threads to share it.

import type { ModuleBuilder } from "../wasm/index.ts";
import { type DotName, dots } from "./dot_u8s8.ts";
import { addMatmulF32 } from "./matmul_f32.ts";
import { addMatmulS16 } from "./matmul_s16.ts";
import { addMatmulU8S4 } from "./matmul_u8s4.ts";
import { addMatmulU8S8, type Tile } from "./matmul_u8s8.ts";

export interface ProductFamily {
  /** The word in the kernels' names: `matmul_{word}_{result}`, `matmul_{word}` where there is one result only. */
  readonly word: string;
  readonly activations: "uint8" | "int16" | "float32";
  readonly weights: "int8" | "int4" | "int16" | "float32";
  /** How the weights lie (`layout.ts`). */
  readonly layout: "panels" | "half-byte panels" | "pairs" | "rows";
  /** The instruction that multiplies: the host's 8-bit dot, plain or relaxed; the 16-bit dot; or floats. */
  readonly multiply: "dot8" | "dot16" | "float";
  /** What C can be. */
  readonly results: readonly string[];
}

export const productFamilies: readonly ProductFamily[] = [
  {
    ...{ word: "u8s8", activations: "uint8", weights: "int8", layout: "panels", multiply: "dot8" },
    results: ["i32", "f32", "u8", "u8_fixed"],
  },
  {
    ...{ word: "u8s4", activations: "uint8", weights: "int4", layout: "half-byte panels", multiply: "dot8" },
    results: ["f32"],
  },
  {
    ...{ word: "s16s8", activations: "int16", weights: "int8", layout: "pairs", multiply: "dot16" },
    results: ["f32", "s16"],
  },
  {
    ...{ word: "s16s16", activations: "int16", weights: "int16", layout: "pairs", multiply: "dot16" },
    results: ["f32", "s16"],
  },
  {
    ...{ word: "f32", activations: "float32", weights: "float32", layout: "rows", multiply: "float" },
    results: [],
  },
];

/** Adds all of them, with tiles of one size: one row has a form of its own in each. */
export function addProductFamilies(module: ModuleBuilder, dot: DotName, tile: Tile): void {
  const storeColumns = addMatmulU8S8(module, { dot, tile });
  addMatmulU8S4(module, dots[dot], tile, storeColumns);
  addMatmulS16(module, tile, storeColumns);
  addMatmulF32(module, tile.columns);
}
