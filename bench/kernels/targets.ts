// What the kernels promise beside other engines, as ratios within one run.

import type { KernelRow } from "./compare.ts";

export interface Target {
  readonly what: string;
  readonly least: number;
  readonly found: number;
}

interface Promised {
  readonly family: string;
  readonly shape: string;
  readonly what: string;
  readonly least: number;
  ratio(row: KernelRow, rows: readonly KernelRow[]): number;
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
  { ...large, what: "simd ÷ onnxruntime-web", least: 1.1, ratio: between("octavox simd", "onnxruntime-web") },
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

/** Those whose figures are in the run. */
export function targets(rows: readonly KernelRow[]): Target[] {
  return promised
    .map(({ family, shape, what, least, ratio }) => {
      const row = rows.find((row) => row.family === family && row.shape.join("×") === shape);
      return { what: `${family} ${shape} ${what}`, least, found: row ? ratio(row, rows) : Number.NaN };
    })
    .filter(({ found }) => !Number.isNaN(found));
}
