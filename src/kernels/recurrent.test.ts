import { test } from "node:test";
import { gruBlend, lstmCell } from "../reference/recurrent.ts";
import { addRecurrent } from "./recurrent.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addRecurrent);
const random = createRandom(7);
const sizes = [...Array.from({ length: 40 }, (_, i) => i + 1), 128, 515];

for (const order of ["iofc", "ifco"])
  for (const withPeephole of [false, true])
    test(`lstm_cell_f32 has the bits of the reference (${order}${withPeephole ? ", peepholes" : ""})`, () => {
      for (const n of sizes)
        for (const range of [1, 20]) {
          arena.reset();
          const [gates, c] = [randomFloats(random, 4 * n, range), randomFloats(random, n, 2)];
          const peephole = randomFloats(random, 3 * n);
          const [atGates, atC, h] = [arena.put(gates), arena.put(c), arena.reserve(4 * n)];
          const next = range === 1 ? atC : arena.reserve(4 * n);
          const at = (letter: string) => atGates + 4 * n * order.indexOf(letter);
          const peep = withPeephole ? arena.put(peephole) : 0;
          kernels.lstm_cell_f32(at("i"), at("o"), at("f"), at("c"), atC, h, next, n, peep);
          const want = lstmCell(gates, c, order, withPeephole ? peephole : undefined);
          assertSameBits(arena.floats(h, n), want, `h of ${n}`);
          assertSameBits(arena.floats(next, n), c, `c of ${n}`);
          for (const written of [h, next]) arena.assertGuarded(written, 4 * n, `${n}`);
        }
    });

test("gru_blend_f32 has the bits of the reference", () => {
  for (const n of sizes) {
    arena.reset();
    const [update, sums, h] = [1, 5, 1].map((range) => randomFloats(random, n, range));
    const at = arena.put(h);
    kernels.gru_blend_f32(arena.put(update), arena.put(sums), at, at, n);
    assertSameBits(arena.floats(at, n), gruBlend(update, sums, h), `h of ${n}`);
    arena.assertGuarded(at, 4 * n, `${n}`);
  }
});
