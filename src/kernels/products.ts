// The matrix products that there are: one line a family. What is not in this table is in no module (`families/`), and every
// line has a definition in `src/reference`, a trial at load and a way for threads to share it.

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
