// How a constant matrix B (K×N, 8-bit) lies in memory so that a product reads it front to back.
//
// Panels of 8 columns; in a panel, groups of 4 of K; in a group, the 4 bytes of each column together:
//
//   B[k, n] is at ((n >> 3) · K4 + (k >> 2)) · 32 + (n & 7) · 4 + (k & 3),   K4 = ceil(K / 4)
//
// Columns and rows that only fill a panel or a group are zero. One vector load (16 bytes) thus holds 4 of
// K for 4 columns: what one dot instruction multiplies with 4 activations repeated in every lane.

/** Columns of a panel. */
export const PANEL = 8;
/** Values of K that lie together. */
export const GROUP = 4;

/** Bytes of a K×N matrix in panels. */
export function panelBytes(k: number, n: number): number {
  return Math.ceil(n / PANEL) * PANEL * Math.ceil(k / GROUP) * GROUP;
}

/** Offset of B[k, n] in a K-row matrix in panels. */
export function panelOffset(k: number, n: number, rows: number): number {
  return ((n >> 3) * Math.ceil(rows / GROUP) + (k >> 2)) * 32 + (n & 7) * 4 + (k & 3);
}

/** Row-major K×N → panels. */
export function packPanels(b: Int8Array, k: number, n: number): Int8Array {
  const packed = new Int8Array(panelBytes(k, n));
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++) packed[panelOffset(row, column, k)] = b[row * n + column];
  return packed;
}

/** Panels → row-major K×N. */
export function unpackPanels(packed: Int8Array, k: number, n: number): Int8Array {
  const b = new Int8Array(k * n);
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++) b[row * n + column] = packed[panelOffset(row, column, k)];
  return b;
}

/** Σk B[k, n] for each column. */
export function columnSums(b: Int8Array, k: number, n: number): Int32Array {
  const sums = new Int32Array(n);
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++) sums[column] += b[row * n + column];
  return sums;
}
