// How a constant matrix B (K×N, 8-bit) lies in memory so that a product reads it front to back.
//
// Panels of 8 columns; in a panel, groups of 4 of K; in a group, the 4 bytes of each column together:
//
//   B[k, n] is at ((n >> 3) · K4 + (k >> 2)) · 32 + (n & 7) · 4 + (k & 3),   K4 = ceil(K / 4)
//
// Columns and rows that only fill a panel or a group are zero. One vector load (16 bytes) thus holds 4 of
// K for 4 columns: what one dot instruction multiplies with 4 activations repeated in every lane.

import { Tensor } from "../tensor/tensor.ts";

/** Columns of a panel. */
export const PANEL = 8;
/** Values of K that lie together. */
export const GROUP = 4;
/** Values of which `extremes_f32` finds one smallest and one largest. */
export const EXTREMES_BLOCK = 1024;

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

// -- float weights ---------------------------------------------------------------------------------------
//
// Panels of 8 columns, row by row: B[k, n] is at ((n >> 3) · K + k) · 8 + (n & 7).

/** Row-major K×N → panels; columns that only fill a panel are zero. */
export function packFloats(b: Float32Array, k: number, n: number): Float32Array {
  const packed = new Float32Array(Math.ceil(n / PANEL) * PANEL * k);
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++) packed[floatOffset(row, column, k)] = b[row * n + column];
  return packed;
}

/** Panels → row-major K×N. */
export function unpackFloats(packed: Float32Array, k: number, n: number): Float32Array {
  const b = new Float32Array(k * n);
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++) b[row * n + column] = packed[floatOffset(row, column, k)];
  return b;
}

const floatOffset = (k: number, n: number, rows: number): number =>
  ((n >> 3) * rows + k) * PANEL + (n & (PANEL - 1));

// -- 4-bit weights in blocks of K ------------------------------------------------------------------------
//
// The same panels of 8 columns with 8 of K in a group: a byte holds the weights of k and k + 4, as signed
// halves, so that two vector loads and a mask or a shift give what two groups of 8-bit weights are.
//
//   B[k, n] is in byte ((n >> 3) · K8 + (k >> 3)) · 32 + (n & 7) · 4 + (k & 3),   K8 = ceil(K / 8)
//   in the low half where (k & 4) = 0, in the high half otherwise

/** Values of K in 32 bytes of a 4-bit panel; a block is a multiple. */
export const NIBBLE_GROUP = 8;

/** Bytes of a K×N matrix of 4-bit weights in panels. */
export function nibbleBytes(k: number, n: number): number {
  return (Math.ceil(n / PANEL) * PANEL * Math.ceil(k / NIBBLE_GROUP) * NIBBLE_GROUP) / 2;
}

/** The byte of B[k, n]. */
export function nibbleOffset(k: number, n: number, rows: number): number {
  return ((n >> 3) * Math.ceil(rows / NIBBLE_GROUP) + (k >> 3)) * 32 + (n & 7) * 4 + (k & 3);
}

/** Row-major K×N of −8…7 → panels. */
export function packNibbles(b: Int8Array, k: number, n: number): Uint8Array {
  const packed = new Uint8Array(nibbleBytes(k, n));
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++)
      packed[nibbleOffset(row, column, k)] |= (b[row * n + column] & 15) << (row & 4);
  return packed;
}

/** Panels → row-major K×N. */
export function unpackNibbles(packed: Uint8Array, k: number, n: number): Int8Array {
  const b = new Int8Array(k * n);
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++)
      b[row * n + column] = (packed[nibbleOffset(row, column, k)] << (28 - (row & 4))) >> 28;
  return b;
}

/** Bytes that go with a panel's block: 8 float32 scales, then 8 int16 sums. */
export const BLOCK_RECORD = 48;
/** What the kernels make of a weight: its half byte moved to the top. Scales are that much smaller. */
export const NIBBLE_GAIN = 16;

/** The sum of the two weights in a byte. */
const bothHalves = Int8Array.from({ length: 256 }, (_, byte) => ((byte << 28) >> 28) + ((byte << 24) >> 28));

/**
 * What a product needs of each block beside the weights, in the order in which it needs it: for each panel,
 * for each block, the scales of 8 columns divided by `NIBBLE_GAIN`, and the sums of their weights.
 * @param packed B in panels
 * @param scales [blocks, N]
 * @param block at most 4096, so that a sum fits 16 bits
 */
export function packBlocks(
  packed: Uint8Array,
  scales: ArrayLike<number>,
  [k, n, block]: readonly [k: number, n: number, block: number],
): Uint8Array {
  const [blocks, groups] = [Math.ceil(k / block), Math.ceil(k / NIBBLE_GROUP)];
  const records = new Uint8Array(Math.ceil(n / PANEL) * blocks * BLOCK_RECORD);
  const [floats, words] = [new Float32Array(records.buffer), new Int16Array(records.buffer)];
  for (let panel = 0; panel * PANEL < n; panel++) {
    for (let group = 0; group < groups; group++) {
      const record = panel * blocks + Math.floor((group * NIBBLE_GROUP) / block);
      const [from, to] = [(panel * groups + group) * 32, (record * BLOCK_RECORD) / 2 + 2 * PANEL];
      for (let i = 0; i < 32; i++) words[to + (i >> 2)] += bothHalves[packed[from + i]];
    }
    for (let at = 0; at < blocks; at++) {
      const to = ((panel * blocks + at) * BLOCK_RECORD) / 4;
      for (let i = 0; i < PANEL && panel * PANEL + i < n; i++)
        floats[to + i] = scales[at * n + panel * PANEL + i] / NIBBLE_GAIN;
    }
  }
  return records;
}

// -- weights for 16-bit activations ----------------------------------------------------------------------
//
// Panels of 8 columns with 2 of K in a group, elements of 8 or 16 bits: what one 16-bit dot instruction
// multiplies with a pair of activations repeated in every lane.
//
//   B[k, n] is element ((n >> 3) · K2 + (k >> 1)) · 16 + (n & 7) · 2 + (k & 1),   K2 = ceil(K / 2)

/** Values of K that lie together. */
export const PAIR = 2;

/** Row-major K×N → panels of pairs. */
export function packPairs<T extends Int8Array | Int16Array>(b: T, k: number, n: number): T {
  const pairs = Math.ceil(k / PAIR);
  const packed = new (b.constructor as new (length: number) => T)(
    Math.ceil(n / PANEL) * PANEL * pairs * PAIR,
  );
  for (let row = 0; row < k; row++)
    for (let column = 0; column < n; column++)
      packed[((column >> 3) * pairs + (row >> 1)) * 16 + (column & 7) * 2 + (row & 1)] = b[row * n + column];
  return packed;
}

/** The farthest from 0 that 16-bit activations are. */
const FARTHEST = 2 ** 15;

/**
 * How many of K a 32-bit accumulator can take up without overflow, whatever the activations: all of K if the
 * weights allow it, else half of them, a quarter …; even. Weights of 16 bits are two bytes with sums of their own.
 */
export function exactRun(b: Int8Array | Int16Array, k: number, n: number): number {
  const parts = b instanceof Int8Array ? [(x: number) => x] : [(x: number) => x >> 8, (x: number) => x & 255];
  const fits = (run: number): boolean =>
    parts.every((part) => {
      for (let start = 0; start < k; start += run) {
        const sums = new Float64Array(n);
        for (let i = start * n; i < Math.min(start + run, k) * n; i++) sums[i % n] += Math.abs(part(b[i]));
        if (sums.some((sum) => sum * FARTHEST >= 2 ** 31)) return false;
      }
      return true;
    });
  let run = Math.max(PAIR, Math.ceil(k / PAIR) * PAIR);
  while (run > PAIR && !fits(run)) run = Math.ceil(run / 2 / PAIR) * PAIR;
  return run;
}

/** A matrix in panels, of the type that its panels are stored in, row by row. */
export function unpackMatrix({ dtype, data }: Tensor, [k, n]: readonly [k: number, n: number]): Tensor {
  if (dtype === "uint8") return new Tensor("int4", unpackNibbles(data as Uint8Array, k, n), [k, n]);
  if (dtype === "int8") return new Tensor("int8", unpackPanels(data as Int8Array, k, n), [k, n]);
  return new Tensor("float32", unpackFloats(data as Float32Array, k, n), [k, n]);
}
