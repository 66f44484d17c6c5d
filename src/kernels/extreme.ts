// The smallest or largest value of a run of floats. Neither rounds, so that any order gives the same bits.

import { f32, f32x4, i32, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { eachVector, Lanes, VECTOR } from "./vectors.ts";

/** Vectors looked at in turn: as many results in flight hide the time one takes. */
const UNROLL = 4;

/** What a result is picked with: lane by lane, where a NaN among the values loses; and at last among lanes. */
export const extremes = {
  min: { pick: f32x4.pmin, join: f32.min },
  max: { pick: f32x4.pmax, join: f32.max },
} as const;

/** A function (x, n ≥ 1) → the smallest or largest of `start` and n floats at x, NaN passed over. */
export function addExtreme(module: ModuleBuilder, name: string, kind: keyof typeof extremes, start: number) {
  const { pick, join } = extremes[kind];
  const params = { x: "i32", n: "i32" } as const;
  return module.func(name, { params, result: "f32", exported: false }, (f, { x, n }) => {
    const found = f.locals("v128", UNROLL, "found");
    const lanes = new Lanes(f);
    const rest = eachVector(f, x, n, lanes, (value, inside) =>
      found[0].set(pick(found[0], v128.bitselect(value, lanes.float(start), inside))),
    );
    const [a, b, c, d] = ([0, 1, 2, 3] as const).map((lane) => f32x4.extract_lane(found[0], lane));
    return [
      found.map((one) => one.set(v128.const("f32x4", start))),
      f.while(i32.ge_s(n, 4 * UNROLL), () => [
        found.map((one, i) => one.set(pick(one, v128.load(x, { offset: i * VECTOR })))),
        [x.set(i32.add(x, UNROLL * VECTOR)), n.set(i32.sub(n, 4 * UNROLL))],
      ]),
      found.slice(1).map((one) => found[0].set(pick(found[0], one))),
      f.if(n, () => rest),
      f.return(join(join(a, b), join(c, d))),
    ];
  });
}
