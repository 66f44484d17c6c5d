// What the tests of the 8-bit products share: random operands for every size up to a limit, and the
// comparison of a product with the reference, in strided memory, between guards.

import assert from "node:assert/strict";
import { matmulU8S8F32, matmulU8S8I32 } from "../reference/matmul.ts";
import { addBias, type Requantization, requantize } from "../reference/requantize.ts";
import { detectFeatures, i16x8, v128 } from "../wasm/index.ts";
import { type Dot, dots } from "./dot_u8s8.ts";
import type { KernelFunctions } from "./functions.ts";
import { columnSums, packPanels } from "./layout.ts";
import { addProducts, type Tile } from "./matmul_u8s8.ts";
import { addRowSumsU8 } from "./row_sums_u8.ts";
import { Arena, createRandom, instantiate, randomFloats } from "./testing.ts";

type Shape = readonly [m: number, n: number, k: number];

/** The signed form of activations without a host that needs it: its shift, with exact arithmetic. */
const plainSigned: Dot = {
  ...dots.plain,
  word: "plain_signed",
  shift: 128,
  activations: (address, offset) =>
    i16x8.extend_low_i8x16_s(v128.xor(v128.load32_splat(address, { offset }), v128.const("i8x16", -128))),
  channels: (bytes) =>
    [i16x8.extend_low_i8x16_s, i16x8.extend_high_i8x16_s].map((extend) =>
      extend(v128.xor(bytes, v128.const("i8x16", -128))),
    ),
};

const { relaxedDot } = detectFeatures();
const exact = relaxedDot === "u8s8" || relaxedDot === "s8s8";

/** Every dot that is exact on this host. */
export const testedDots: readonly Dot[] = [dots.plain, plainSigned, ...(exact ? [dots[relaxedDot]] : [])];

/** The tiles that hosts are given, and others that leave other remainders. */
export const testedTiles: readonly Tile[] = [
  { rows: 6, columns: 8 },
  { rows: 6, columns: 16 },
  { rows: 4, columns: 8 },
  { rows: 2, columns: 8 },
  { rows: 1, columns: 32 },
];

/** Zero points and a bias, or none: then weights are symmetric and the pointers 0. */
export interface Given {
  readonly aZero: number;
  readonly bZeros: boolean;
  readonly bias: boolean;
}
export const givens: readonly Given[] = [
  { aZero: 131, bZeros: true, bias: true },
  { aZero: 0, bZeros: false, bias: false },
];

/** Bytes between the rows of A, and of C, that belong to neither. */
const aGap = 3;
const cGap = 12;
/** What an arena holds where nothing was written, as a byte and as an int32. */
const GUARD_BYTE = 0xa5;
const GUARD_WORD = 0xa5a5a5a5 | 0;

/** The constants of one case: what the reference takes, B being K×n of it. */
interface Values {
  readonly aZero: number;
  readonly bZeros: Int32Array | undefined;
  readonly aScale: number;
  readonly bScales: Float32Array;
  readonly bias: Float32Array | undefined;
  /** Of the results that are bytes: int32 bias, and for each rounding what the reference is told. */
  readonly offsets: Int32Array;
  readonly even: Requantization;
  readonly double: Requantization;
}

/** Zero point and limits of the bytes, as unsigned ones; they are stored as signed ones. */
const limits = { zero: 140, low: 5, high: 249 };
const FLIP = 128;

type Pointers = Record<"a" | "rowSums" | "b" | "bSums" | "bZeros" | "bScales" | "bias" | "c", number> &
  Record<"offsets" | "factors" | "multipliers" | "powers" | "lefts", number>;
type Word = "i32" | "f32" | "u8" | "u8_fixed";

export class ProductTester {
  readonly #arena = new Arena();
  readonly #kernels: KernelFunctions;

  constructor(dot: Dot, tile: Tile) {
    this.#kernels = instantiate(this.#arena, (module) => {
      addProducts(module, dot, tile);
      addRowSumsU8(module);
    });
  }

  /**
   * Compares the products for every m of `ms` and n of `ns` with one reference of the largest size: C[i,j]
   * does not depend on how many other rows and columns there are.
   */
  check(ms: readonly number[], ns: readonly number[], k: number, given: Given): void {
    const [mMax, nMax] = [Math.max(...ms), Math.max(...ns)];
    const random = createRandom(mMax * 4099 + nMax * 67 + k + 1);
    const a = Uint8Array.from({ length: mMax * k }, () => random() * 256);
    const b = Int8Array.from({ length: k * nMax }, () => Math.floor(random() * 256) - 128);
    const values: Values = {
      aZero: given.aZero,
      bZeros: given.bZeros ? Int32Array.from({ length: nMax }, () => random() * 256 - 128) : undefined,
      aScale: 0.037,
      bScales: randomFloats(random, nMax, 0.01),
      bias: given.bias ? randomFloats(random, nMax) : undefined,
      offsets: Int32Array.from(randomFloats(random, nMax, 5000)),
      even: {
        ...{ rounding: "even", ...limits },
        factors: randomFloats(random, nMax, 0.01),
      },
      double: {
        ...{ rounding: "double", ...limits },
        factors: Int32Array.from({ length: nMax }, () => 2 ** 30 + Math.floor(random() * 2 ** 30)),
        shifts: Int32Array.from({ length: nMax }, () => 2 - Math.floor(random() * 14)),
      },
    };
    const sums = matmulU8S8I32(a, b, [mMax, nMax, k], values);
    const reals = matmulU8S8F32(a, b, [mMax, nMax, k], values, values);
    const bytes = [values.even, values.double].map((how) =>
      requantize(addBias(sums.slice(), nMax, values.offsets), nMax, how),
    );
    for (const n of ns) {
      const at = (row: number, column: number) => row * nMax + column;
      const columns = b.filter((_, i) => i % nMax < n);
      for (const m of ms) {
        const pointers = this.#place(a, columns, [m, n, k], values);
        const what = `${m}×${n}×${k}, ${JSON.stringify(given)}`;
        this.#run("i32", pointers, [m, n, k], values);
        this.#compare(Int32Array, pointers, m, n, (i, j) => sums[at(i, j)], `int32 ${what}`);
        this.#run("f32", pointers, [m, n, k], values);
        this.#compare(Float32Array, pointers, m, n, (i, j) => reals[at(i, j)], `float32 ${what}`);
        for (const [index, word] of (["u8", "u8_fixed"] as const).entries()) {
          new Uint8Array(this.#arena.memory.buffer, pointers.c, m * (n * 4 + cGap)).fill(GUARD_BYTE);
          this.#run(word, pointers, [m, n, k], values);
          this.#compare(
            Int8Array,
            pointers,
            m,
            n,
            (i, j) => bytes[index][at(i, j)] - FLIP,
            `${word} ${what}`,
          );
        }
      }
    }
  }

  #place(a: Uint8Array, b: Int8Array, [m, n, k]: Shape, values: Values): Pointers {
    const { bZeros, bScales, bias, offsets, even, double } = values;
    const [multipliers, shifts] = [double.factors, double.shifts as Int32Array].map((list) =>
      (list as Int32Array).slice(0, n),
    );
    const arena = this.#arena;
    arena.reset();
    const strided = new Uint8Array(m * (k + aGap)).fill(0xff);
    for (let row = 0; row < m; row++) strided.set(a.subarray(row * k, (row + 1) * k), row * (k + aGap));
    const rows = arena.put(strided);
    const rowSums = arena.reserve(m * 4);
    this.#kernels.row_sums_u8(rows, k + aGap, m, k, rowSums);
    return {
      a: rows,
      rowSums: bZeros ? rowSums : 0,
      b: arena.put(packPanels(b, k, n)),
      bSums: arena.put(columnSums(b, k, n)),
      bZeros: bZeros ? arena.put(bZeros.slice(0, n)) : 0,
      bScales: arena.put(bScales.slice(0, n)),
      bias: bias ? arena.put(bias.slice(0, n)) : 0,
      offsets: arena.put(offsets.slice(0, n)),
      factors: arena.put((even.factors as Float32Array).slice(0, n)),
      multipliers: arena.put(multipliers),
      powers: arena.put(shifts.map((shift) => 2 ** (30 + Math.min(shift, 0)))),
      lefts: arena.put(shifts.map((shift) => 2 ** Math.max(shift, 0))),
      c: arena.reserve(m * (n * 4 + cGap)),
    };
  }

  #run(word: Word, p: Pointers, [m, n, k]: Shape, { aZero, aScale }: Values): void {
    const { bSums, bZeros, rowSums } = p;
    const cStride = word.startsWith("u8") ? n + cGap : n * 4 + cGap;
    const rows = [p.a, k + aGap, p.b, p.c, cStride, m, n, k, aZero, bSums, bZeros, rowSums] as const;
    const bytes = [...Object.values(limits), FLIP] as [number, number, number, number];
    const { matmul_u8s8_i32, matmul_u8s8_f32, matmul_u8s8_u8, matmul_u8s8_u8_fixed } = this.#kernels;
    const runs: Record<Word, () => void> = {
      i32: () => matmul_u8s8_i32(...rows),
      f32: () => matmul_u8s8_f32(...rows, aScale, p.bScales, p.bias),
      u8: () => matmul_u8s8_u8(...rows, p.offsets, p.factors, ...bytes),
      u8_fixed: () => matmul_u8s8_u8_fixed(...rows, p.offsets, p.multipliers, ...bytes, p.powers, p.lefts),
    };
    runs[word]();
  }

  /** Every value of C, the gaps between its rows, and what lies around it. */
  #compare(
    type: Int32ArrayConstructor | Float32ArrayConstructor | Int8ArrayConstructor,
    { c }: Pointers,
    m: number,
    n: number,
    expected: (row: number, column: number) => number,
    what: string,
  ): void {
    const bytes = type.BYTES_PER_ELEMENT;
    const words = n + cGap / bytes;
    const found = new type(this.#arena.memory.buffer, c, m * words);
    const gap = new type(new Int32Array([GUARD_WORD]).buffer)[0];
    for (let row = 0; row < m; row++)
      for (let column = 0; column < words; column++) {
        const value = found[row * words + column];
        const right = column < n ? expected(row, column) : gap;
        if (!Object.is(value, right))
          assert.fail(`${what}: C[${row},${column}] is ${value}, expected ${right}`);
      }
    this.#arena.assertGuarded(c, m * words * bytes, what);
  }
}
