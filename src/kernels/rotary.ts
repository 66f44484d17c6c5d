// Rotary position embedding, four pairs at a time. The definition is `src/reference/rotary.ts`.

import {
  type FunctionBuilder,
  f32,
  f32x4,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { type Address, advance, FLOAT, Lanes, mapVectors, shuffle32, VECTOR } from "./vectors.ts";

const sizes = { t: "i32", heads: "i32", width: "i32", rotary: "i32", interleaved: "i32" } as const;
const params = { x: "i32", y: "i32", cos: "i32", sin: "i32", ...sizes } as const;

export function addRotary(module: ModuleBuilder): void {
  const turn = {
    interleaved: addTurn(module, "rotate_interleaved", interleavedPairs),
    halves: addTurn(module, "rotate_halves", halfPairs),
  };
  module.func("rotary_f32", { params }, (f, { x, y, cos, sin, t, heads, width, rotary, interleaved }) => {
    const [pairs, head, rest, restX, restY] = f.locals("i32", 5) as [
      Address,
      Address,
      Address,
      Address,
      Address,
    ];
    const turned = i32.mul(rotary, FLOAT);
    const headBytes = i32.mul(width, FLOAT);
    return [
      pairs.set(i32.shr_u(rotary, 1)),
      f.while(t, () => [
        f.for(head, 0, heads, 1, () => [
          f.if(
            interleaved,
            () => turn.interleaved.call({ x, y, cos, sin, pairs }),
            () => turn.halves.call({ x, y, cos, sin, pairs }),
          ),
          [restX.set(i32.add(x, turned)), restY.set(i32.add(y, turned)), rest.set(i32.sub(width, rotary))],
          mapVectors(f, [restX], restY, rest, new Lanes(f), (value) => value),
          [x.set(i32.add(x, headBytes)), y.set(i32.add(y, headBytes))],
        ]),
        [cos, sin].map((table) => table.set(i32.add(table, i32.shl(pairs, 2)))),
        t.set(i32.sub(t, 1)),
      ]),
    ];
  });
}

/** How pairs lie in a head: four pairs as two vectors, the way back, and where a single pair is. */
interface PairLayout {
  /** Bytes from the first to the second value of a pair, and from a pair to the next. */
  second(pairs: Address): ReturnType<typeof i32.shl> | number;
  step: number;
  load(
    x: Address,
    secondX: Address,
  ): [first: ReturnType<typeof v128.load>, second: ReturnType<typeof v128.load>];
  store(
    y: Address,
    secondY: Address,
    first: Local<"v128">,
    second: Local<"v128">,
  ): ReturnType<typeof v128.store>[];
}

const interleavedPairs: PairLayout = {
  second: () => FLOAT,
  step: 2 * FLOAT,
  load: (x) => {
    const [low, high] = [v128.load(x), v128.load(x, { offset: VECTOR })];
    return [shuffle32(low, high, [0, 2, 4, 6]), shuffle32(low, high, [1, 3, 5, 7])];
  },
  store: (y, _, first, second) => [
    v128.store(y, shuffle32(first, second, [0, 4, 1, 5])),
    v128.store(y, shuffle32(first, second, [2, 6, 3, 7]), { offset: VECTOR }),
  ],
};

const halfPairs: PairLayout = {
  second: (pairs) => i32.shl(pairs, 2),
  step: FLOAT,
  load: (x, secondX) => [v128.load(x), v128.load(secondX)],
  store: (y, secondY, first, second) => [v128.store(y, first), v128.store(secondY, second)],
};

/** Turns the `pairs` pairs of one head: (a, b) → (a·cos − b·sin, a·sin + b·cos). */
function addTurn(module: ModuleBuilder, name: string, layout: PairLayout) {
  const names = { x: "i32", y: "i32", cos: "i32", sin: "i32", pairs: "i32" } as const;
  return module.func(name, { params: names, exported: false }, (f, { x, y, cos, sin, pairs }) => {
    const [secondX, secondY] = [f.local("i32", "secondX"), f.local("i32", "secondY")];
    const next = (count: number) => [
      advance([x, secondX, y, secondY], count * layout.step),
      advance([cos, sin], count * FLOAT),
      pairs.set(i32.sub(pairs, count)),
    ];
    return [
      [secondX.set(i32.add(x, layout.second(pairs))), secondY.set(i32.add(y, layout.second(pairs)))],
      f.while(i32.ge_s(pairs, 4), () => [turnFour(f, layout, x, y, secondX, secondY, cos, sin), next(4)]),
      f.while(i32.gt_s(pairs, 0), () => [turnOne(f, x, y, secondX, secondY, cos, sin), next(1)]),
    ];
  });
}

type Addresses = [x: Address, y: Address, secondX: Address, secondY: Address, cos: Address, sin: Address];

function turnFour(f: FunctionBuilder, layout: PairLayout, ...[x, y, secondX, secondY, cos, sin]: Addresses) {
  const [a, b, c, s, first, second] = f.locals("v128", 6) as Local<"v128">[];
  const [loadedA, loadedB] = layout.load(x, secondX);
  return [
    [a.set(loadedA), b.set(loadedB), c.set(v128.load(cos)), s.set(v128.load(sin))],
    first.set(f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s))),
    second.set(f32x4.add(f32x4.mul(a, s), f32x4.mul(b, c))),
    layout.store(y, secondY, first, second),
  ];
}

function turnOne(f: FunctionBuilder, ...[x, y, secondX, secondY, cos, sin]: Addresses) {
  const [a, b, c, s] = f.locals("f32", 4) as Local<"f32">[];
  return [
    [a.set(f32.load(x)), b.set(f32.load(secondX)), c.set(f32.load(cos)), s.set(f32.load(sin))],
    f32.store(y, f32.sub(f32.mul(a, c), f32.mul(b, s))),
    f32.store(secondY, f32.add(f32.mul(a, s), f32.mul(b, c))),
  ];
}
