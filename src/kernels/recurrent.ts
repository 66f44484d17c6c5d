// What a recurrent layer does to every value of a step once the gates' sums are there. The definition is
// `src/reference/recurrent.ts`; the products around are those of all layers.

import { f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { sigmoid, tanh } from "./math.ts";
import { advance, Lanes, mapVectors, storePartial, VECTOR } from "./vectors.ts";

export function addRecurrent(module: ModuleBuilder): void {
  addLstmCell(module);
  addGruBlend(module);
}

/** Four hidden values at once: their gates come from four places, and c and h are left. */
function addLstmCell(module: ModuleBuilder): void {
  const gates = { i: "i32", o: "i32", f: "i32", g: "i32" } as const;
  const params = { ...gates, c: "i32", h: "i32", next: "i32", n: "i32", peephole: "i32" } as const;
  module.func("lstm_cell_f32", { params }, (b, p) => {
    const lanes = new Lanes(b);
    const [i, o, f, c, h] = b.locals("v128", 5) as [Local<"v128">, ...Local<"v128">[]];
    const row = b.local("i32", "row");
    const [peepO, peepF] = [b.local("i32"), b.local("i32")];
    /** A gate sees the memory through its peephole. */
    const peep = (gate: Local<"v128">, at: Local<"i32">, memory: Local<"v128">) =>
      b.if(p.peephole, () => gate.set(f32x4.add(gate, f32x4.mul(v128.load(at), memory))));
    const formula = (gate: Local<"v128">, of: typeof sigmoid) => {
      const value = of(lanes, gate);
      const code = lanes.take();
      return [code, gate.set(value)];
    };
    const cell = b.local("v128", "cell");
    const body = [
      [i.set(v128.load(p.i)), o.set(v128.load(p.o)), f.set(v128.load(p.f)), c.set(v128.load(p.c))],
      cell.set(v128.load(p.g)),
      [peep(i, p.peephole, c), peep(f, peepF, c)],
      [formula(i, sigmoid), formula(f, sigmoid), formula(cell, tanh)],
      c.set(f32x4.add(f32x4.mul(f, c), f32x4.mul(i, cell))),
      peep(o, peepO, c),
      [formula(o, sigmoid), cell.set(c), formula(cell, tanh)],
      h.set(f32x4.mul(o, cell)),
    ];
    const pointers = [p.i, p.o, p.f, p.g, p.c, p.h, p.next];
    return [
      row.set(i32.shl(p.n, 2)),
      [peepO.set(i32.add(p.peephole, row)), peepF.set(i32.add(peepO, row))],
      lanes.constants,
      b.block((done) =>
        b.loop((again) => [
          body,
          b.if(i32.lt_s(p.n, 4), () => [
            [storePartial(b, p.h, h, p.n), storePartial(b, p.next, c, p.n)],
            done.br(),
          ]),
          [v128.store(p.h, h), v128.store(p.next, c), advance(pointers, VECTOR)],
          b.if(p.peephole, () => advance([p.peephole, peepO, peepF], VECTOR)),
          p.n.set(i32.sub(p.n, 4)),
          again.brIf(p.n),
        ]),
      ),
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
