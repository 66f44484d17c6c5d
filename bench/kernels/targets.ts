// What the kernels promise beside other engines, as ratios within one run.

import type { KernelRow } from "./compare.ts";

export interface Target {
  readonly what: string;
  readonly least: number;
  readonly found: number;
  /** What limits it, where that is known. */
  readonly why: string | undefined;
}

interface Promised {
  readonly family: string;
  readonly shape: string;
  readonly what: string;
  readonly least: number;
  ratio(row: KernelRow, rows: readonly KernelRow[]): number;
  /** What stands in the way where it does not hold. */
  why?(row: KernelRow): string;
}

const between =
  (own: string, other: string) =>
  ({ speed }: KernelRow) =>
    speed[own] / speed[other];
const ofLimit =
  (own: string) =>
  ({ speed, limit }: KernelRow) =>
    speed[own] / limit[own];
const large = { family: "u8s8", shape: "480×480×512" };
const large4 = { family: "u8s4", shape: "1×2048×2048" };
const oneRow = { family: "u8s8", shape: "1×512×512" };

const promised: readonly Promised[] = [
  { ...large, what: "÷ onnxruntime-web", least: 3.0, ratio: between("octavox", "onnxruntime-web") },
  { ...large, what: "÷ gemmlowp AVX2", least: 2.8, ratio: between("octavox", "gemmlowp AVX2") },
  { ...large, what: "÷ the limit of 128 bits", least: 0.9, ratio: ofLimit("octavox") },
  {
    ...large,
    what: "wide ÷ onnxruntime-node",
    least: 0.9,
    ratio: between("octavox wide", "onnxruntime-node"),
  },
  {
    ...{ ...large, what: "simd ÷ onnxruntime-web", least: 1.1, why: plainLimit },
    ratio: between("octavox simd", "onnxruntime-web"),
  },
  { ...large, what: "÷ float32 of the same engine", least: 3.4, ratio: overFloat },
  { ...large, what: "Chromium ÷ Node", least: 0.9, ratio: between("octavox, Chromium", "octavox") },
  { ...oneRow, what: "÷ onnxruntime-web", least: 8, ratio: between("octavox", "onnxruntime-web") },
  { ...oneRow, what: "÷ onnxruntime-node", least: 2, ratio: between("octavox", "onnxruntime-node") },
  {
    ...oneRow,
    what: "wide ÷ onnxruntime-node",
    least: 4,
    ratio: between("octavox wide", "onnxruntime-node"),
  },
  { ...large4, what: "÷ u8s8", least: 1.2, ratio: overBytes },
];

/** 4-bit weights against 8-bit ones, both scaled to float32. */
function overBytes(row: KernelRow, rows: readonly KernelRow[]): number {
  return row.speed.octavox / (sameShape("u8s8_f32", row, rows)?.speed.octavox ?? Number.NaN);
}

function overFloat(row: KernelRow, rows: readonly KernelRow[]): number {
  return row.speed.octavox / (sameShape("f32", row, rows)?.speed.octavox ?? Number.NaN);
}

function sameShape(name: string, { shape }: KernelRow, rows: readonly KernelRow[]): KernelRow | undefined {
  return rows.find((row) => row.family === name && row.shape.join() === shape.join());
}

/** The tile of 4×8 needs 40 vector instructions for 4 of K: 16 products, 16 sums, 4 + 4 to widen bytes to 16 bits. */
function plainLimit({ speed, limit }: KernelRow): string {
  const share = (gops: number) => `${Math.round((100 * gops) / limit["octavox simd"])} %`;
  return (
    "Without the relaxed dot the vector units are the limit: products and sums alone, on registers, reach " +
    `${limit["octavox simd"].toFixed(0)} GOPS on this host. Of the 40 vector instructions with which the kernel takes ` +
    "4 of K for 4×8 sums, 32 are products and sums and 8 widen bytes to 16 bits, which leaves 80 % of that limit; " +
    `it reaches ${share(speed["octavox simd"])}, and the target would be ${share(1.1 * speed["onnxruntime-web"])}. ` +
    "Only activations that are widened once, into memory of their own, could bring it closer."
  );
}

/** Those whose figures are in the run. */
export function targets(rows: readonly KernelRow[]): Target[] {
  return promised
    .map(({ family, shape, what, least, ratio, why }) => {
      const row = rows.find((row) => row.family === family && row.shape.join("×") === shape);
      const found = row ? ratio(row, rows) : Number.NaN;
      return {
        what: `${family} ${shape} ${what}`,
        least,
        found,
        why: row && found < least ? why?.(row) : undefined,
      };
    })
    .filter(({ found }) => !Number.isNaN(found));
}
