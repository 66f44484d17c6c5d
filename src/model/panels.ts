// The size of a matrix in panels (docs/format.md): what a reader of packed files must know of the layout.

/** Bytes of a K×N int8 matrix: columns in panels of 8, rows in groups of 4, both filled up with zeros. */
export function panelledBytes(k: number, n: number): number {
  return Math.ceil(n / 8) * 8 * Math.ceil(k / 4) * 4;
}
