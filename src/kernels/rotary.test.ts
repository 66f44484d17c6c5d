import { test } from "node:test";
import { rotary } from "../reference/rotary.ts";
import { addRotary } from "./rotary.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addRotary);
const random = createRandom(5);

for (const interleaved of [true, false])
  test(`rotary_f32 has the bits of the reference, pairs ${interleaved ? "interleaved" : "in halves"}`, () => {
    for (const width of [2, 8, 9, 36, 64])
      for (const turned of [0, 2, 6, 8, 14, 32, 64].filter((r) => r <= width))
        for (const [t, heads] of [[1, 1] as const, [3, 2] as const]) {
          arena.reset();
          const x = randomFloats(random, t * heads * width);
          const [cos, sin] = [randomFloats(random, (t * turned) / 2), randomFloats(random, (t * turned) / 2)];
          const [from, to] = [arena.put(x), arena.reserve(x.byteLength)];
          const sizes = { t, heads, width, rotary: turned, interleaved };
          kernels.rotary_f32(
            from,
            to,
            arena.put(cos),
            arena.put(sin),
            t,
            heads,
            width,
            turned,
            Number(interleaved),
          );
          const what = `${turned} of ${width}, ${t}×${heads}`;
          assertSameBits(arena.floats(to, x.length), rotary(x, cos, sin, sizes), what);
          arena.assertGuarded(to, x.byteLength, what);
        }
  });
