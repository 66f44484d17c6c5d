// Moving data without changing it: transposing, slicing and expanding are all a walk with strides.

import type { TypedArray } from "../tensor/dtype.ts";

/**
 * y[i][j]… (dense) = x[offset + i·strides[0] + j·strides[1] + …]. Strides are in elements and may be 0
 * (expand) or negative (reverse). `y` has as many elements as the product of `dims`.
 */
export function copyStrided<T extends TypedArray>(
  x: T,
  offset: number,
  dims: readonly number[],
  strides: readonly number[],
  y: T,
): void {
  let at = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === dims.length) y[at++] = x[from];
    else for (let i = 0; i < dims[axis]; i++) walk(axis + 1, from + i * strides[axis]);
  };
  walk(0, offset);
}

/** Lines of `lineBytes` with `before` bytes of fill before the first, `between` after each but the last, then `after`. */
export function padLines(
  x: Uint8Array,
  lineBytes: number,
  { before, between, after, fill }: { before: number; between: number; after: number; fill: number },
): Uint8Array {
  const lines = x.length / lineBytes;
  const y = new Uint8Array(before + x.length + (lines - 1) * between + after).fill(fill);
  for (let line = 0; line < lines; line++)
    y.set(x.subarray(line * lineBytes, (line + 1) * lineBytes), before + line * (lineBytes + between));
  return y;
}

/** How many there are of something, and how many bytes apart. */
type Steps = readonly [count: number, bytes: number];

/** Lines of windows, each of runs of pieces of `pieceBytes`, one after another. */
export function gatherWindows(
  x: Uint8Array,
  [lines, windows, runs, pieces]: readonly [lines: Steps, windows: Steps, runs: Steps, pieces: Steps],
  pieceBytes: number,
): Uint8Array {
  const starts = [lines, windows, runs, pieces].reduce<number[]>(
    (all, [count, bytes]) =>
      all.flatMap((start) => Array.from({ length: count }, (_, i) => start + i * bytes)),
    [0],
  );
  const y = new Uint8Array(starts.length * pieceBytes);
  starts.forEach((start, i) => {
    y.set(x.subarray(start, start + pieceBytes), i * pieceBytes);
  });
  return y;
}
