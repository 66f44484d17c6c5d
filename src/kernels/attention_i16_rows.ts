// Attention in 16-bit integers, the end of a row: scores become probabilities, these and the values the result.

import { KEYS_A_SUM, PROBABILITY } from "../tensor/attention-scales.ts";
import {
  f32,
  f32x4,
  i16x8,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts";
import { PAIRS, PANEL, toIntegers } from "./attention_i16_pack.ts";
import { exp } from "./math.ts";
import type { RowFunctions } from "./rows.ts";
import { advance, Lanes, storePartial, VECTOR } from "./vectors.ts";

/** Vectors of columns whose sums are in registers together; the first that fits is taken. */
const columnBlocks = [9, 8, 4, 1];

/** Probabilities of the first `seen` scores as integers, of the others 0; gives their sum. */
export function addProbabilities(module: ModuleBuilder, { rowMax }: RowFunctions) {
  const own = { scores: "i32", seen: "i32", keys: "i32", shares: "i32" } as const;
  return module.func("probabilities_i16", { params: own, result: "i32", exported: false }, (f, p) => {
    const [max, sums, low, high] = f.locals("v128", 4) as Local<"v128">[];
    const lanes = new Lanes(f);
    const share = (target: Local<"v128">, offset: number) => {
      const distance = lanes.keep(f32x4.sub(v128.load(p.scores, { offset }), max));
      const power = toIntegers(exp(lanes, distance), lanes.float(PROBABILITY));
      const inside = i32x4.gt_s(
        i32x4.splat(p.seen),
        lanes.int(...[0, 1, 2, 3].map((lane) => lane + offset / 4)),
      );
      const value = lanes.keep(v128.and(power, inside));
      return [lanes.take(), target.set(value), sums.set(i32x4.add(sums, target))];
    };
    const body = [share(low, 0), share(high, VECTOR), v128.store(p.shares, i16x8.narrow_i32x4_s(low, high))];
    const [s0, s1, s2, s3] = ([0, 1, 2, 3] as const).map((lane) => i32x4.extract_lane(sums, lane));
    return [
      max.set(f32x4.splat(rowMax.call({ x: p.scores, n: p.seen }))),
      sums.set(v128.const("i32x4", 0)),
      lanes.constants,
      f.loop((again) => [
        body,
        [p.scores.set(i32.add(p.scores, PAIRS)), p.shares.set(i32.add(p.shares, VECTOR))],
        [p.seen.set(i32.sub(p.seen, PANEL)), p.keys.set(i32.sub(p.keys, PANEL))],
        again.brIf(p.keys),
      ]),
      f.return(i32.add(i32.add(s0, s1), i32.add(s2, s3))),
    ];
  });
}

/** y = (Σ share·v) · (scale / total), the sums as floats after every KEYS_A_SUM keys. */
export function addValues(module: ModuleBuilder) {
  const own = {
    shares: "i32",
    v: "i32",
    keys: "i32",
    y: "i32",
    unit: "f32",
    bytes: "i32",
    lanes: "i32",
  } as const;
  const block = (vectors: number) =>
    module.func(`values_i16_${vectors}`, { params: own, exported: false }, (f, p) => {
      const [parts, sums] = [f.locals("v128", vectors, "part"), f.locals("v128", vectors, "sum")];
      const [share, end] = [f.local("v128", "share"), f.local("i32", "end")];
      const zero = v128.const("f32x4", 0);
      const last = sums[vectors - 1];
      return [
        sums.map((sum) => sum.set(zero)),
        f.while(p.keys, () => [
          end.set(select(p.keys.get, i32.const(KEYS_A_SUM), i32.lt_u(p.keys, KEYS_A_SUM))),
          [p.keys.set(i32.sub(p.keys, end)), end.set(i32.add(p.shares, i32.shl(end, 1)))],
          parts.map((part) => part.set(v128.const("i32x4", 0))),
          f.loop((again) => [
            share.set(v128.load32_splat(p.shares)),
            parts.map((part, i) =>
              part.set(i32x4.add(part, i32x4.dot_i16x8_s(share, v128.load(p.v, { offset: i * VECTOR })))),
            ),
            [p.v.set(i32.add(p.v, p.bytes)), p.shares.set(i32.add(p.shares, 4))],
            again.brIf(i32.lt_u(p.shares, end)),
          ]),
          sums.map((sum, i) => sum.set(f32x4.add(sum, f32x4.convert_i32x4_s(parts[i])))),
        ]),
        share.set(f32x4.splat(p.unit)),
        sums.map((sum) => sum.set(f32x4.mul(sum, share))),
        sums.slice(0, -1).map((sum, i) => v128.store(p.y, sum, { offset: i * VECTOR })),
        p.y.set(i32.add(p.y, (vectors - 1) * VECTOR)),
        f.if(
          i32.ge_s(p.lanes, 4 * vectors),
          () => v128.store(p.y, last),
          () => [p.lanes.set(i32.and(p.lanes, 3)), storePartial(f, p.y, last, p.lanes)],
        ),
      ];
    });
  const blocks = columnBlocks.map((vectors) => [vectors, block(vectors)] as const);
  const whole = {
    shares: "i32",
    v: "i32",
    keys: "i32",
    width: "i32",
    y: "i32",
    scale: "f32",
    total: "i32",
  } as const;
  return module.func("values_i16", { params: whole, exported: false }, (f, p) => {
    const [unit, bytes] = [f.local("f32", "unit"), f.local("i32", "bytes")];
    const { shares, v, keys, y } = p;
    return [
      unit.set(f32.div(p.scale, f32.convert_i32_s(p.total))),
      bytes.set(i32.shl(i32.and(i32.add(p.width, 3), -4), 2)),
      blocks.map(([vectors, values]) =>
        f.while(i32.gt_s(p.width, 4 * (vectors - 1)), () => [
          values.call({ shares, v, keys, y, unit, bytes, lanes: p.width }),
          advance([v, y], vectors * VECTOR),
          p.width.set(i32.sub(p.width, 4 * vectors)),
        ]),
      ),
    ];
  });
}
