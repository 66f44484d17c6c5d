// What happens to frames before and after their transform, four frames at once, a frame in each lane. The definition
// is `src/features/plain.ts`; sums run along a frame, so that no lane ever meets another.

import { f32, f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { type Address, advance, FLOAT, shuffle32, VECTOR } from "./vectors.ts";

export function addFrames(module: ModuleBuilder): void {
  addInterleave(module);
  addCentre(module);
  addEmphasis(module);
  addWindow(module);
  addRuns(module);
}

function addInterleave(module: ModuleBuilder): void {
  const params = { a: "i32", b: "i32", c: "i32", d: "i32", y: "i32", n: "i32" } as const;
  module.func("interleave_f32", { params }, (f, { a, b, c, d, y, n }) => {
    const rows = [a, b, c, d] as const;
    const [va, vb, vc, vd, ab, cd] = f.locals("v128", 6) as Local<"v128">[];
    const pairs = (lanes: readonly [number, number, number, number]) => [
      ab.set(shuffle32(va, vb, lanes)),
      cd.set(shuffle32(vc, vd, lanes)),
    ];
    const store = (column: number) => [
      v128.store(y, shuffle32(ab, cd, [0, 1, 4, 5]), { offset: column * VECTOR }),
      v128.store(y, shuffle32(ab, cd, [2, 3, 6, 7]), { offset: (column + 1) * VECTOR }),
    ];
    return [
      f.while(i32.ge_s(n, 4), () => [
        [va, vb, vc, vd].map((value, row) => value.set(v128.load(rows[row]))),
        [pairs([0, 4, 1, 5]), store(0), pairs([2, 6, 3, 7]), store(2)],
        [advance(rows, VECTOR), advance([y], 4 * VECTOR), n.set(i32.sub(n, 4))],
      ]),
      f.while(n, () => [
        rows.map((row, lane) => i32.store(y, i32.load(row), { offset: lane * FLOAT })),
        [advance(rows, FLOAT), advance([y], VECTOR), n.set(i32.sub(n, 1))],
      ]),
    ];
  });
}

function addCentre(module: ModuleBuilder): void {
  module.func("centre_frames_f32", { params: { x: "i32", n: "i32" } }, (f, { x, n }) => {
    const [sum, mean] = [f.local("v128", "sum"), f.local("v128", "mean")];
    const [at, left] = [f.local("i32"), f.local("i32")];
    const walk = (step: () => ReturnType<typeof sum.set> | ReturnType<typeof v128.store>) => [
      [at.set(x), left.set(n)],
      f.while(left, () => [step(), advance([at], VECTOR), left.set(i32.sub(left, 1))]),
    ];
    return [
      walk(() => sum.set(f32x4.add(sum, v128.load(at)))),
      mean.set(f32x4.div(sum, f32x4.splat(f32.convert_i32_s(n)))),
      walk(() => v128.store(at, f32x4.sub(v128.load(at), mean))),
    ];
  });
}

function addEmphasis(module: ModuleBuilder): void {
  const params = { x: "i32", n: "i32", factor: "f32" } as const;
  module.func("emphasise_frames_f32", { params }, (f, { x, n, factor }) => {
    const [previous, value, factors] = f.locals("v128", 3) as Local<"v128">[];
    return [
      [factors.set(f32x4.splat(factor)), previous.set(v128.load(x))],
      f.while(n, () => [
        value.set(v128.load(x)),
        v128.store(x, f32x4.sub(value, f32x4.mul(factors, previous))),
        [previous.set(value), advance([x], VECTOR), n.set(i32.sub(n, 1))],
      ]),
    ];
  });
}

function addWindow(module: ModuleBuilder): void {
  const params = { x: "i32", window: "i32", n: "i32" } as const;
  module.func("window_frames_f32", { params }, (f, { x, window, n }) =>
    f.while(n, () => [
      v128.store(x, f32x4.mul(v128.load(x), v128.load32_splat(window))),
      [advance([x], VECTOR), advance([window], FLOAT), n.set(i32.sub(n, 1))],
    ]),
  );
}

function addRuns(module: ModuleBuilder): void {
  const params = { x: "i32", y: "i32", runs: "i32", weights: "i32", rows: "i32" } as const;
  module.func("run_sums_f32", { params }, (f, { x, y, runs, weights, rows }) => {
    const sum = f.local("v128", "sum");
    const [at, left] = [f.local("i32", "at"), f.local("i32", "left")] as [Address, Address];
    return f.while(rows, () => [
      [sum.set(v128.const("f32x4", 0)), at.set(i32.add(x, i32.shl(i32.load(runs), 4)))],
      left.set(i32.load(runs, { offset: FLOAT })),
      f.while(left, () => [
        sum.set(f32x4.add(sum, f32x4.mul(v128.load32_splat(weights), v128.load(at)))),
        [advance([at], VECTOR), advance([weights], FLOAT), left.set(i32.sub(left, 1))],
      ]),
      v128.store(y, sum),
      [advance([y], VECTOR), advance([runs], 2 * FLOAT), rows.set(i32.sub(rows, 1))],
    ]);
  });
}
