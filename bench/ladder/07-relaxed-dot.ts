// Step 7: the instruction made for it. Four bytes of A times four bytes of B, summed and added to 32 bits, in each of
// four lanes: 16 products in one instruction, and nothing is widened first.

import { packPanels } from "../../src/kernels/layout.ts";
import { detectFeatures, i32, i32x4, v128 } from "../../src/wasm/index.ts";
import { makeLimit } from "../kernels/limit.ts";
import { kernelJob, type Operands, type Step } from "./step.ts";

const [ROWS, PANEL, GROUP] = [6, 8, 4];
/** Groups of K in one pass: pointers move once a pass. */
const UNROLL = 4;

export const relaxedDot: Step = {
  title: "relaxed dot",
  why: "16 products and their sums in one instruction, on bytes as they are",
  make: (operands) => relaxedProduct(operands, 1),
};

/**
 * @param width panels of B in a tile: one fits 16 registers of 128 bits
 * @returns undefined where the host's dot does not read A as unsigned bytes
 */
export function relaxedProduct(operands: Operands, width: 1 | 2) {
  if (detectFeatures().relaxedDot !== "u8s8") return undefined;
  const job = kernelJob(operands, {
    a: operands.a,
    b: packPanels(operands.b, operands.k, operands.n),
    c: Int32Array,
    code(f, { a, b, c, m, n, k }) {
      const [i, j, l] = [f.local("i32", "i"), f.local("i32", "j"), f.local("i32", "l")];
      const vectors = 2 * width;
      const sums = Array.from({ length: ROWS }, () => f.locals("v128", vectors, "sum"));
      const weights = f.locals("v128", vectors, "w");
      const rows = f.locals("i32", ROWS, "row");
      const panels = f.locals("i32", width, "panel");
      const [x, out, panelBytes] = [f.local("v128", "x"), f.local("i32", "out"), f.local("i32", "bytes")];
      const group = (u: number) => [
        weights.map((vector, v) =>
          vector.set(v128.load(panels[v >> 1], { offset: PANEL * GROUP * u + 16 * (v & 1) })),
        ),
        sums.map((row, r) => [
          x.set(v128.load32_splat(rows[r], { offset: GROUP * u })),
          row.map((sum, v) => sum.set(i32x4.relaxed_dot_i8x16_i7x16_add_s(weights[v], x, sum))),
        ]),
      ];
      const tile = [
        sums.flat().map((sum) => sum.set(v128.const("i32x4", 0))),
        rows.map((row, r) => row.set(r === 0 ? a : i32.add(rows[r - 1], k))),
        panels.slice(1).map((panel, p) => panel.set(i32.add(panels[p], panelBytes))),
        f.for(l, 0, k, GROUP * UNROLL, () => [
          Array.from({ length: UNROLL }, (_, u) => group(u)),
          panels.map((panel) => panel.set(i32.add(panel, PANEL * GROUP * UNROLL))),
          rows.map((row) => row.set(i32.add(row, GROUP * UNROLL))),
        ]),
        out.set(i32.add(c, i32.shl(j, 2))),
        sums.map((row) => [
          row.map((sum, v) => v128.store(out, sum, { offset: 16 * v })),
          out.set(i32.add(out, i32.shl(n, 2))),
        ]),
        panels[0].set(panels[width - 1]),
      ];
      return [
        panelBytes.set(i32.mul(k, PANEL)),
        f.for(i, 0, m, ROWS, () => [
          panels[0].set(b),
          f.for(j, 0, n, PANEL * width, () => tile),
          a.set(i32.add(a, i32.mul(k, ROWS))),
          c.set(i32.add(c, i32.mul(n, ROWS * 4))),
        ]),
      ];
    },
  });
  return { ...job, limit: makeLimit("u8s8", "u8s8", width) };
}
