// What the tests of the products with 4-bit weights share: operands for every size up to a limit, random or at the
// ends of their ranges, and the comparison with the reference, in strided memory, between guards.

import { matmulU8S4F32 } from "../reference/blocks.ts";
import type { Dot } from "./dot_u8s8.ts";
import type { KernelFunctions } from "./functions.ts";
import { addGatherBlocks } from "./gather_blocks.ts";
import { packBlocks, packNibbles } from "./layout.ts";
import { addMatmulU8S4 } from "./matmul_u8s4.ts";
import { addStoreColumns, type Tile } from "./matmul_u8s8.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

/** Where the values of a case come from. */
export interface BlockGiven {
  readonly aZero: number;
  readonly bias: boolean;
  /** Activations and weights; random ones where it is left out. */
  readonly extreme?: { readonly a: number; readonly b: number };
}

export const blockGivens: readonly BlockGiven[] = [
  { aZero: 131, bias: true },
  { aZero: 0, bias: false, extreme: { a: 255, b: -8 } },
  { aZero: 255, bias: true, extreme: { a: 0, b: 7 } },
];

/** Bytes between the rows of A, and of C, that belong to neither. */
const aGap = 3;
const cGap = 12;

interface Case {
  readonly a: Uint8Array;
  /** B, row-major with so many columns. */
  readonly b: Int8Array;
  readonly width: number;
  readonly scales: Float32Array;
  readonly bias: Float32Array | undefined;
}

export class BlockTester {
  readonly #arena = new Arena();
  readonly #kernels: KernelFunctions;

  constructor(dot: Dot, tile: Tile) {
    this.#kernels = instantiate(this.#arena, (module) => {
      addMatmulU8S4(module, dot, tile, addStoreColumns(module));
      addGatherBlocks(module);
    });
  }

  /** Every m of `ms` and n of `ns` against one reference of the largest size: C[i, j] depends on row and column only. */
  check(ms: readonly number[], ns: readonly number[], k: number, block: number, given: BlockGiven): void {
    const [mMax, nMax] = [Math.max(...ms), Math.max(...ns)];
    const random = createRandom(mMax * 4099 + nMax * 67 + k + block);
    const all: Case = {
      a: Uint8Array.from({ length: mMax * k }, () => given.extreme?.a ?? random() * 256),
      b: Int8Array.from({ length: k * nMax }, () => given.extreme?.b ?? Math.floor(random() * 16) - 8),
      width: nMax,
      scales: randomFloats(random, Math.ceil(k / block) * nMax, 0.01),
      bias: given.bias ? randomFloats(random, nMax) : undefined,
    };
    const { a, b, scales, bias } = all;
    const want = matmulU8S4F32(a, b, [mMax, nMax, k], {
      aZero: given.aZero,
      aScale: 0.037,
      block,
      scales,
      bias,
    });
    for (const n of ns)
      for (const m of ms) {
        const what = `${m}×${n}×${k} in blocks of ${block}, ${JSON.stringify(given)}`;
        this.#run(all, [m, n, k, block], given.aZero, what, (i, j) => want[i * nMax + j]);
      }
  }

  #run(
    { a, b, width, scales, bias }: Case,
    [m, n, k, block]: readonly [number, number, number, number],
    aZero: number,
    what: string,
    want: (row: number, column: number) => number,
  ): void {
    const arena = this.#arena;
    arena.reset();
    const strided = new Uint8Array(m * (k + aGap)).fill(0xff);
    for (let row = 0; row < m; row++) strided.set(a.subarray(row * k, (row + 1) * k), row * (k + aGap));
    const columns = <T extends Int8Array | Float32Array>(values: T) =>
      values.filter((_, i) => i % width < n) as T;
    const packed = packNibbles(columns(b), k, n);
    const rowBytes = n * 4 + cGap;
    const c = arena.reserve(m * rowBytes);
    this.#kernels.matmul_u8s4_f32(
      arena.put(strided),
      k + aGap,
      arena.put(packed),
      c,
      rowBytes,
      m,
      n,
      k,
      block,
      aZero,
      arena.put(packBlocks(packed, columns(scales), [k, n, block])),
      0.037,
      bias ? arena.put(bias.slice(0, n)) : 0,
    );
    const words = rowBytes / 4;
    const expected = arena.floats(c, m * words).map((gap, i) => {
      const [row, column] = [Math.floor(i / words), i % words];
      return column < n ? want(row, column) : gap;
    });
    assertSameBits(arena.floats(c, m * words), expected, what);
    for (let row = 0; row < m; row++) arena.assertGap(c + row * rowBytes + n * 4, cGap, what);
    arena.assertGuarded(c, m * rowBytes, what);
  }

  /** Every column of a table as floats. */
  checkGather(k: number, n: number, block: number): void {
    const random = createRandom(k * 67 + n);
    const b = Int8Array.from({ length: k * n }, () => Math.floor(random() * 16) - 8);
    const scales = randomFloats(random, Math.ceil(k / block) * n, 0.01);
    const arena = this.#arena;
    arena.reset();
    const packed = packNibbles(b, k, n);
    const [at, records] = [arena.put(packed), arena.put(packBlocks(packed, scales, [k, n, block]))];
    for (let column = 0; column < n; column++) {
      const y = arena.reserve(k * 4);
      this.#kernels.gather_blocks_f32(at, k, column, y, block, records);
      const row = Float32Array.from(
        { length: k },
        (_, i) => b[i * n + column] * scales[Math.floor(i / block) * n + column],
      );
      const what = `column ${column} of ${k}×${n} in blocks of ${block}`;
      assertSameBits(arena.floats(y, k), row, what);
      arena.assertGuarded(y, k * 4, what);
      arena.release(y);
    }
  }
}
