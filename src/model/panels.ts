// The size of a matrix in panels (docs/format.md): what a reader of packed files must know of the layout.

import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Columns of a panel. */
const PANEL = 8;

/** By type of the matrix: the rows of a group, the bytes of a value, and the tensor type that holds the panels. */
const kinds = {
  int8: { group: 4, bytes: 1, stored: "int8" },
  int4: { group: 8, bytes: 1 / 2, stored: "uint8" },
  float32: { group: 1, bytes: 4, stored: "float32" },
} as const;

/** The types a matrix in panels can have. */
export type PanelType = keyof typeof kinds;

export function hasPanels(dtype: DType): dtype is PanelType {
  return Object.hasOwn(kinds, dtype);
}

/** Bytes of a K×N matrix: columns in panels, rows in groups, both filled up with zeros. */
export function panelledBytes(dtype: PanelType, k: number, n: number): number {
  const { group, bytes } = kinds[dtype];
  return Math.ceil(n / PANEL) * PANEL * Math.ceil(k / group) * group * bytes;
}

/** The type of the matrix whose panels a tensor holds. */
export function panelType(stored: Tensor): PanelType {
  return (Object.keys(kinds) as PanelType[]).find((dtype) => kinds[dtype].stored === stored.dtype)!;
}

/** The tensor type that holds a matrix in panels. */
export function panelStorage(dtype: PanelType): "int8" | "uint8" | "float32" {
  return kinds[dtype].stored;
}
