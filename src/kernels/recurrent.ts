// What a recurrent layer does to every value of a step once the gates' sums are there. The definition is
// `src/reference/recurrent.ts`; the products around are those of all layers.

import { type Code, f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { sigmoid, tanh } from "./math.ts";
import { advance, Lanes, mapVectors, storePartial, VECTOR } from "./vectors.ts";

export function addRecurrent(module: ModuleBuilder): void {
  addLstmCell(module);
  addGruBlend(module);
}

/**
 * Four hidden values at once: their gates come from four places, and c and h are left. First all of c, then all of h: in
 * one loop each value would wait for a formula behind a formula.
 */
function addLstmCell(module: ModuleBuilder): void {
  const gates = { i: "i32", o: "i32", f: "i32", g: "i32" } as const;
  const params = { ...gates, c: "i32", h: "i32", next: "i32", n: "i32", peephole: "i32" } as const;
  module.func("lstm_cell_f32", { params }, (b, p) => {
    const lanes = new Lanes(b);
    const [input, forget, output, cell, c] = b.locals("v128", 5) as [Local<"v128">, ...Local<"v128">[]];
    const [row, left, seen] = [b.local("i32", "row"), b.local("i32", "left"), b.local("i32", "seen")];
    const [peepI, peepO, peepF] = b.locals("i32", 3) as [Local<"i32">, Local<"i32">, Local<"i32">];
    /** A gate of a sum, which sees the memory through its peephole. */
    const gate = (into: Local<"v128">, sum: Local<"i32">, peep: Local<"i32">) => [
      into.set(v128.load(sum)),
      b.if(p.peephole, () => into.set(f32x4.add(into, f32x4.mul(v128.load(peep), c)))),
      formula(into, sigmoid),
    ];
    const formula = (value: Local<"v128">, of: typeof sigmoid) => {
      const result = of(lanes, value);
      const code = lanes.take();
      return [code, value.set(result)];
    };
    /** Stores at the end of a step of a loop, and moves on by a vector. */
    const walk = (to: Local<"i32">, value: Local<"v128">, body: Code, moving: readonly Local<"i32">[]) => [
      left.set(p.n),
      b.block((done) =>
        b.loop((again) => [
          body,
          b.if(i32.lt_s(left, 4), () => [storePartial(b, to, value, left), done.br()]),
          [v128.store(to, value), advance([to, ...moving], VECTOR)],
          left.set(i32.sub(left, 4)),
          again.brIf(left),
        ]),
      ),
    ];
    const memory = [
      [c.set(v128.load(p.c)), gate(input, p.i, peepI), gate(forget, p.f, peepF)],
      [cell.set(v128.load(p.g)), formula(cell, tanh)],
      c.set(f32x4.add(f32x4.mul(forget, c), f32x4.mul(input, cell))),
    ];
    const hidden = [
      [c.set(v128.load(seen)), gate(output, p.o, peepO), formula(c, tanh)],
      c.set(f32x4.mul(output, c)),
    ];
    return [
      [row.set(i32.shl(p.n, 2)), seen.set(p.next)],
      [peepI.set(p.peephole), peepO.set(i32.add(peepI, row)), peepF.set(i32.add(peepO, row))],
      lanes.constants,
      walk(p.next, c, memory, [p.i, p.f, p.g, p.c, peepI, peepF]),
      walk(p.h, c, hidden, [p.o, seen, peepO]),
    ];
  });
}

/** (1 − z)·tanh(sum) + z·h */
function addGruBlend(module: ModuleBuilder): void {
  const params = { update: "i32", sums: "i32", h: "i32", y: "i32", n: "i32" } as const;
  module.func("gru_blend_f32", { params }, (f, { update, sums, h, y, n }) => {
    const lanes = new Lanes(f);
    return mapVectors(f, [update, sums, h], y, n, lanes, (z, sum, old) => {
      const rest = f32x4.sub(lanes.float(1), z);
      return f32x4.add(f32x4.mul(rest, tanh(lanes, sum)), f32x4.mul(z, old));
    });
  });
}
