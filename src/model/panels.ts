// The size of a matrix in panels (docs/format.md): what a reader of packed files must know of the layout.

import type { Tensor } from "../tensor/tensor.ts";

/** Bytes of a K×N matrix: columns in panels of 8, rows in groups of 4 (int4: of 8), both filled up with zeros. */
export function panelledBytes(dtype: PanelType, k: number, n: number): number {
  const columns = Math.ceil(n / 8) * 8;
  return dtype === "int8" ? columns * Math.ceil(k / 4) * 4 : (columns * Math.ceil(k / 8) * 8) / 2;
}

/** The types a matrix in panels can have. */
export type PanelType = "int8" | "int4";

/** The type of the matrix whose panels a tensor holds: int8 as int8, int4 as uint8, two a byte. */
export function panelType(stored: Tensor): PanelType {
  return stored.dtype === "uint8" ? "int4" : "int8";
}

/** The tensor type that holds a matrix in panels. */
export const panelStorage = { int8: "int8", int4: "uint8" } as const;
