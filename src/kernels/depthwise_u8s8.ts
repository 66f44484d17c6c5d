// Depthwise convolution of bytes: uint8 × int8 → bytes. The weights [places, channels] are a matrix in panels, and the
// dot that multiplies 4 of K for 4 columns multiplies 4 places for 4 channels: the bytes that 16 channels have at 4
// places are turned so that a channel's 4 lie together.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  i8x16,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { eachWindow, windowTypes } from "./depthwise_f32.ts";
import type { Dot } from "./dot_u8s8.ts";
import { type Finish, finishes, type Parameters } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";
import { bytesOf } from "./tile_u8s8.ts";
import { advance, storeUpTo, VECTOR } from "./vectors.ts";

const types = { ...windowTypes, weights: "i32", xZero: "i32", sums: "i32", scratch: "i32" } as const;
type Depthwise = { readonly [K in keyof typeof types]: Local<"i32"> } & Parameters;

/** Channels of one vector of sums. */
const LANES = 4;

export function addDepthwiseU8S8(module: ModuleBuilder, dot: Dot): void {
  for (const finish of [finishes.u8, finishes.u8_fixed]) addDepthwise(module, dot, finish);
}

/** What the code of a block of channels is written from. */
interface Block {
  readonly f: FunctionBuilder;
  readonly p: Depthwise;
  readonly dot: Dot;
  readonly finish: Finish;
  readonly begun: readonly Local<"v128">[];
  /** The block's first byte at a window's first place; its first panel; its offset in arrays of 32-bit values. */
  readonly x: Local<"i32">;
  readonly panel: Local<"i32">;
  readonly at: Local<"i32">;
  readonly panelBytes: Local<"i32">;
}

function addDepthwise(module: ModuleBuilder, dot: Dot, finish: Finish): void {
  const params = { ...types, ...finish.types } as typeof types;
  module.func(`depthwise_u8s8_${finish.word}`, { params }, (f, parameters) => {
    const p = parameters as unknown as Depthwise;
    const values = finish.begin(p);
    const begun = f.locals("v128", values.length, "begun");
    const [x, panel, at, panelBytes, left] = f.locals("i32", 5, "block");
    const block: Block = { f, p, dot, finish, begun, x, panel, at, panelBytes };
    const [two, one] = [writeBlock(block, 2), writeBlock(block, 1)];
    const next = (panels: number): Code => [
      advance([x, p.y], panels * PANEL),
      [panel.set(i32.add(panel, i32.mul(panelBytes, panels))), advance([at], panels * PANEL * 4)],
      left.set(i32.sub(left, panels * PANEL)),
    ];
    return [
      panelBytes.set(i32.mul(i32.shr_u(i32.add(p.places, GROUP - 1), 2), PANEL * GROUP)),
      values.map((value, i) => begun[i].set(value)),
      writeStarts(f, p, dot),
      eachWindow(f, p, (window) => [
        [x.set(window), panel.set(p.weights), at.set(0), left.set(p.channels)],
        f.while(i32.ge_s(left, 2 * PANEL), () => [two.code, v128.store(p.y, two.bytes), next(2)]),
        f.while(i32.ge_s(left, PANEL), () => [one.code, v128.store64_lane(p.y, one.bytes, 0), next(1)]),
        f.if(left, () => [one.code, storeUpTo(f, p.y, one.bytes, left), p.y.set(i32.add(p.y, left))]),
      ]),
    ];
  });
}

/** (shift − xZero)·Σ weights + bias of every channel, computed once. */
function writeStarts(f: FunctionBuilder, p: Depthwise, dot: Dot): Code {
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

/** The code that leaves the results of `panels` panels of channels in `bytes`. */
function writeBlock(block: Block, panels: number): { code: Code; bytes: Local<"v128"> } {
  const { f, p, dot, finish, begun, at } = block;
  const sums = Array.from({ length: (panels * PANEL) / LANES }, (_, v) =>
    f.locals("v128", dot.accumulators, `sum${v}_`),
  );
  const bytes = f.local("v128", "bytes");
  const temporaries = f.locals("v128", finish.temporaries, "finishing");
  const columns = (v: number) => (array: Local<"i32">) =>
    v128.load(i32.add(array, at), { offset: v * LANES * 4 });
  const code = [
    sums.flat().map((sum) => sum.set(v128.const("i32x4", 0))),
    writeSums(block, sums),
    sums.map((accumulators, v) => {
      const values = finish.prepare(p, begun, columns(v));
      const prepared = f.locals("v128", values.length, `finish${v}_`);
      const [sum] = accumulators;
      return [
        values.map((value, i) => prepared[i].set(value)),
        sum.set(i32x4.add(dot.join(accumulators), columns(v)(p.scratch))),
        finish.apply(sum, { begun, prepared, temporaries }),
      ];
    }),
    bytes.set(bytesOf(sums, finish, begun)[0]),
  ];
  return { code, bytes };
}

/** Σ over the places, 4 at a time. */
function writeSums({ f, p, dot, x, panel, panelBytes }: Block, sums: Local<"v128">[][]): Code {
  const [table, weights, end] = [f.local("i32", "table"), f.local("i32", "weights"), f.local("i32", "end")];
  const second = f.local("i32", "second");
  const places = f.locals("v128", GROUP, "place");
  const turned = f.locals("v128", 4, "turned");
  const quarters = sums.map((_, v) => f.local("v128", `x${v}`));
  const from = (v: number): Expr<"v128">[] => dot.weights(v < 2 ? weights : second, (v & 1) * LANES * GROUP);
  return [
    [table.set(p.offsets), weights.set(panel), end.set(i32.add(panel, panelBytes))],
    sums.length > 2 ? second.set(end) : [],
    f.loop((again) => [
      places.map((place, i) => place.set(v128.load(i32.add(x, i32.load(table, { offset: 4 * i }))))),
      [
        turned[0].set(i8x16.shuffle(places[0], places[1], interleaved(1, 0))),
        turned[1].set(i8x16.shuffle(places[2], places[3], interleaved(1, 0))),
      ],
      sums.length > 2
        ? [
            turned[2].set(i8x16.shuffle(places[0], places[1], interleaved(1, 8))),
            turned[3].set(i8x16.shuffle(places[2], places[3], interleaved(1, 8))),
          ]
        : [],
      quarters.map((quarter, v) => {
        const [a, b] = v < 2 ? [turned[0], turned[1]] : [turned[2], turned[3]];
        return quarter.set(i8x16.shuffle(a, b, interleaved(2, 8 * (v & 1))));
      }),
      quarters.map((quarter, v) => dot.addEach(sums[v], dot.channels(quarter), from(v))),
      [advance([table], 4 * GROUP), advance([weights], PANEL * GROUP)],
      sums.length > 2 ? advance([second], PANEL * GROUP) : [],
      again.brIf(i32.lt_u(weights, end)),
    ]),
  ];
}

/** Units of `size` bytes from two vectors by turns, from byte `start` of each on. */
function interleaved(size: number, start: number): number[] {
  return Array.from({ length: VECTOR }, (_, i) => {
    const unit = Math.floor(i / size);
    return (unit % 2) * VECTOR + start + Math.floor(unit / 2) * size + (i % size);
  });
}
