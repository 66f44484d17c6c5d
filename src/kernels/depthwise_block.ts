// What the two depthwise convolutions of bytes share: where sums begin, how 4 places of 16 channels are turned so that a
// channel's 4 bytes lie together, and a block's way from sums to bytes.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  i8x16,
  i32,
  i32x4,
  type Local,
  v128,
} from "../wasm/index.ts";
import type { Dot } from "./dot_u8s8.ts";
import type { Finish, Parameters } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";
import { bytesOf } from "./tile_u8s8.ts";
import { VECTOR } from "./vectors.ts";

/** Channels of one vector of sums. */
const LANES = 4;

/** What the code of a block of channels is written from. */
export interface Block {
  readonly f: FunctionBuilder;
  readonly p: Parameters & { readonly [K in "xZero" | "sums" | "scratch" | "channels"]: Local<"i32"> };
  readonly dot: Dot;
  readonly finish: Finish;
  readonly begun: readonly Local<"v128">[];
  /** The block's first panel, and its offset in arrays of 32-bit values. */
  readonly panel: Local<"i32">;
  readonly at: Local<"i32">;
}

/** Sums of a block: by vector, by accumulator of the dot. */
export type Sums = readonly Local<"v128">[][];

/** (shift − xZero)·Σ weights + bias of every channel, computed once, in scratch memory. */
export function writeStarts({ f, p, dot }: Block): Code {
  const [zero, at, end] = [f.local("v128", "zero"), f.local("i32", "at"), f.local("i32", "end")];
  const column = (array: Local<"i32">): Expr<"v128"> => v128.load(i32.add(array, at));
  return [
    zero.set(i32x4.splat(i32.sub(dot.shift, p.xZero))),
    end.set(i32.shl(p.channels, 2)),
    f.for(at, 0, end, VECTOR, () =>
      v128.store(i32.add(p.scratch, at), i32x4.add(i32x4.mul(column(p.sums), zero), column(p.bias))),
    ),
  ];
}

/** The code that leaves the results of `panels` panels of channels in `bytes`; `add` adds the products to the sums. */
export function writeBlock(
  block: Block,
  panels: number,
  add: (sums: Sums) => Code,
): { code: Code; bytes: Local<"v128"> } {
  const { f, p, dot, finish, begun, at } = block;
  const sums = Array.from({ length: (panels * PANEL) / LANES }, (_, v) =>
    f.locals("v128", dot.accumulators, `sum${v}_`),
  );
  const bytes = f.local("v128", "bytes");
  const temporaries = f.locals("v128", finish.temporaries, "finishing");
  const columns = (v: number) => (array: Local<"i32">) =>
    v128.load(i32.add(array, at), { offset: v * LANES * 4 });
  const alone = dot.accumulators === 1;
  const code = [
    sums.map((accumulators, v) =>
      accumulators.map((sum) => sum.set(alone ? columns(v)(p.scratch) : v128.const("i32x4", 0))),
    ),
    add(sums),
    sums.map((accumulators, v) => {
      const values = finish.prepare(p, begun, columns(v));
      const prepared = f.locals("v128", values.length, `finish${v}_`);
      const [sum] = accumulators;
      return [
        values.map((value, i) => prepared[i].set(value)),
        alone ? [] : sum.set(i32x4.add(dot.join(accumulators), columns(v)(p.scratch))),
        finish.apply(sum, { begun, prepared, temporaries }),
      ];
    }),
    bytes.set(bytesOf(sums, finish, begun)[0]),
  ];
  return { code, bytes };
}

/** Turns the bytes that 16 channels have at 4 places: vector v has channels 4v … 4v + 3, the 4 places of each together. */
export function turner(f: FunctionBuilder, panels: number) {
  const places = f.locals("v128", GROUP, "place");
  const pairs = f.locals("v128", 4, "pair");
  const turned = f.locals("v128", 2 * panels, "turned");
  const [low, high] = [0, 8].map((start) => interleaved(1, start));
  const code = [
    pairs[0].set(i8x16.shuffle(places[0], places[1], low)),
    pairs[1].set(i8x16.shuffle(places[2], places[3], low)),
    panels > 1 ? pairs[2].set(i8x16.shuffle(places[0], places[1], high)) : [],
    panels > 1 ? pairs[3].set(i8x16.shuffle(places[2], places[3], high)) : [],
    turned.map((vector, v) => {
      const [a, b] = v < 2 ? [pairs[0], pairs[1]] : [pairs[2], pairs[3]];
      return vector.set(i8x16.shuffle(a, b, interleaved(2, 8 * (v & 1))));
    }),
  ];
  return { places, turned, code };
}

/** Units of `size` bytes from two vectors by turns, from byte `start` of each on. */
function interleaved(size: number, start: number): number[] {
  return Array.from({ length: VECTOR }, (_, i) => {
    const unit = Math.floor(i / size);
    return (unit % 2) * VECTOR + start + Math.floor(unit / 2) * size + (i % size);
  });
}

/** Walks over the channels in blocks of two panels, then of one: `each` leaves a block's results in memory. */
export function eachBlock(f: FunctionBuilder, left: Local<"i32">, each: (panels: 1 | 2) => Code): Code {
  const step = (panels: 1 | 2): Code => [each(panels), left.set(i32.sub(left, panels * PANEL))];
  return [f.while(i32.ge_s(left, 2 * PANEL), () => step(2)), f.while(i32.gt_s(left, 0), () => step(1))];
}
