import { test } from "node:test";
import { matmulF32 } from "../reference/matmul.ts";
import { addMatmulF32 } from "./matmul_f32.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const MOST = 33;

for (const columns of [8, 16])
  test(`tiles of 6×${columns}: matmul_f32 has the reference's bits for all M, N ≤ 33 and K ≤ 67`, () => {
    const arena = new Arena();
    const kernels = instantiate(arena, (module) => addMatmulF32(module, columns));
    const random = createRandom(columns);
    for (let k = 1; k <= 67; k++) {
      const [a, b, bias] = [MOST * k, k * MOST, MOST].map((count) => randomFloats(random, count));
      // C[i,j] does not depend on how many other rows and columns there are: one reference serves all sizes.
      const expected = matmulF32(a, b, [MOST, MOST, k], k % 2 ? bias : undefined);
      arena.reset();
      const [atA, atB, atBias] = [a, b, bias].map((values) => arena.put(values));
      for (let n = 1; n <= MOST; n++)
        for (let m = 1; m <= MOST; m++) {
          const c = new Float32Array(MOST * MOST).fill(1000);
          for (let row = 0; row < m; row++) c.set(expected.subarray(row * MOST, row * MOST + n), row * MOST);
          const atC = arena.put(new Float32Array(MOST * MOST).fill(1000));
          kernels.matmul_f32(atA, 4 * k, atB, 4 * MOST, atC, 4 * MOST, m, n, k, k % 2 ? atBias : 0);
          assertSameBits(arena.floats(atC, c.length), c, `${m}×${n}×${k}`);
          arena.release(atC);
        }
    }
  });
