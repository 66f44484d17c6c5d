// Depthwise convolution of bytes: uint8 × int8 → bytes. The weights [places, channels] are a matrix in panels, and the
// dot that multiplies 4 of K for 4 columns multiplies 4 places for 4 channels. This form takes the places of a window
// from a table, whatever they are; `depthwise_lines_u8s8.ts` does less where windows have several lines and columns.

import { type Code, type Expr, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { type Block, eachBlock, type Sums, turner, writeBlock, writeStarts } from "./depthwise_block.ts";
import { eachWindow, windowTypes } from "./depthwise_f32.ts";
import type { Dot } from "./dot_u8s8.ts";
import { type Finish, finishes, type Parameters } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";
import { advance, storeUpTo } from "./vectors.ts";

const types = { ...windowTypes, weights: "i32", xZero: "i32", sums: "i32", scratch: "i32" } as const;
type Depthwise = { readonly [K in keyof typeof types]: Local<"i32"> } & Parameters;

export function addDepthwiseU8S8(module: ModuleBuilder, dot: Dot): void {
  for (const finish of [finishes.u8, finishes.u8_fixed]) addDepthwise(module, dot, finish);
}

/** A block, and its first byte at a window's first place. */
interface PlacesBlock extends Block {
  readonly p: Depthwise;
  readonly x: Local<"i32">;
  readonly panelBytes: Local<"i32">;
}

function addDepthwise(module: ModuleBuilder, dot: Dot, finish: Finish): void {
  const params = { ...types, ...finish.types } as typeof types;
  module.func(`depthwise_u8s8_${finish.word}`, { params }, (f, parameters) => {
    const p = parameters as unknown as Depthwise;
    const values = finish.begin(p);
    const begun = f.locals("v128", values.length, "begun");
    const [x, panel, at, panelBytes, left] = f.locals("i32", 5, "block");
    const block: PlacesBlock = { f, p, dot, finish, begun, x, panel, at, panelBytes };
    const blocks = [1, 2].map((panels) => writeBlock(block, panels, (sums) => writeSums(block, sums)));
    const next = (panels: number): Code => [
      [advance([x], panels * PANEL), advance([at], panels * PANEL * 4)],
      panel.set(i32.add(panel, i32.mul(panelBytes, panels))),
    ];
    const store = (panels: 1 | 2, bytes: Local<"v128">): Code =>
      panels === 2
        ? [v128.store(p.y, bytes), advance([p.y], 2 * PANEL)]
        : f.if(
            i32.ge_s(left, PANEL),
            () => [v128.store64_lane(p.y, bytes, 0), advance([p.y], PANEL)],
            () => [storeUpTo(f, p.y, bytes, left), p.y.set(i32.add(p.y, left))],
          );
    return [
      panelBytes.set(i32.mul(i32.shr_u(i32.add(p.places, GROUP - 1), 2), PANEL * GROUP)),
      values.map((value, i) => begun[i].set(value)),
      writeStarts(block),
      eachWindow(f, p, (window) => [
        [x.set(window), panel.set(p.weights), at.set(0), left.set(p.channels)],
        eachBlock(f, left, (panels) => {
          const { code, bytes } = blocks[panels - 1];
          return [code, store(panels, bytes), next(panels)];
        }),
      ]),
    ];
  });
}

/** Σ over the places, 4 at a time. */
function writeSums({ f, p, dot, x, panel, panelBytes }: PlacesBlock, sums: Sums): Code {
  const [table, weights, end] = [f.local("i32", "table"), f.local("i32", "weights"), f.local("i32", "end")];
  const second = f.local("i32", "second");
  const two = sums.length > 2;
  const { places, turned, code } = turner(f, sums.length / 2);
  const from = (v: number): Expr<"v128">[] => dot.weights(v < 2 ? weights : second, (v & 1) * GROUP * 4);
  return [
    [table.set(p.offsets), weights.set(panel), end.set(i32.add(panel, panelBytes))],
    two ? second.set(end) : [],
    f.loop((again) => [
      places.map((place, i) => place.set(v128.load(i32.add(x, i32.load(table, { offset: 4 * i }))))),
      code,
      turned.map((vector, v) => dot.addEach(sums[v], dot.channels(vector), from(v))),
      [advance([table], 4 * GROUP), advance([weights], PANEL * GROUP)],
      two ? advance([second], PANEL * GROUP) : [],
      again.brIf(i32.lt_u(weights, end)),
    ]),
  ];
}
