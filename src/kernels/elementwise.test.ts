import { test } from "node:test";
import { binaryFunctions, unaryFunctions } from "../reference/elementwise-functions.ts";
import { addElementwise } from "./elementwise.ts";
import type { KernelName } from "./functions.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addElementwise) as unknown as Record<KernelName, (...a: number[]) => void>;
const random = createRandom(1);

const extremes = [
  ...[
    0,
    1,
    0.5,
    2.5,
    1e-45,
    1.1e-38,
    1.17549435e-38,
    3.4e38,
    Infinity,
    86.98,
    88.72284,
    89,
    104,
    8.41,
    3.8156,
  ],
  ...[1e4, 1e10, 1.5707964, 0.78539816, 1e-20, 2147483648],
].flatMap((x) => [x, -x]);

/** Lengths around a vector, random values of several sizes, and the extremes with NaN. */
function operands(): Float32Array[] {
  const short = [1, 2, 3, 4, 5, 7, 8, 9, 31].map((n) => randomFloats(random, n, 3));
  const long = [1e-3, 1, 20, 100, 1e5, 3e38].map((range) => randomFloats(random, 999, range));
  return [...short, ...long, Float32Array.from([...extremes, Number.NaN])];
}

for (const [name, f] of Object.entries(unaryFunctions))
  test(`${name}_f32 has the bits of the reference`, () => {
    for (const x of operands())
      for (const inPlace of [false, true]) {
        arena.reset();
        const from = arena.put(x);
        const to = inPlace ? from : arena.reserve(x.byteLength);
        kernels[`${name}_f32` as KernelName](from, to, x.length);
        assertSameBits(arena.floats(to, x.length), x.map(f), `${name} of ${x.length}`);
        arena.assertGuarded(to, x.byteLength, name);
      }
  });

for (const [name, f] of Object.entries(binaryFunctions))
  test(`${name}_f32 has the bits of the reference`, () => {
    for (const a of operands()) {
      arena.reset();
      const b = a.map((_, i) => a[(i * 7 + 3) % a.length]);
      const [atA, atB, y] = [arena.put(a), arena.put(b), arena.reserve(a.byteLength)];
      kernels[`${name}_f32` as KernelName](atA, atB, y, a.length);
      const expected = a.map((value, i) => f(value, b[i]));
      assertSameBits(arena.floats(y, a.length), expected, `${name} of ${a.length}`);
      arena.assertGuarded(y, a.byteLength, name);
    }
  });

for (const name of ["add", "sub", "mul", "div"] as const)
  test(`${name}_row_f32 repeats b for every row`, () => {
    for (const n of [1, 2, 3, 4, 5, 8, 13])
      for (const rows of [1, 2, 7]) {
        arena.reset();
        const [a, b] = [randomFloats(random, rows * n), randomFloats(random, n)];
        const [atA, atB, y] = [arena.put(a), arena.put(b), arena.reserve(a.byteLength)];
        kernels[`${name}_row_f32`](atA, atB, y, rows, n);
        const expected = a.map((value, i) => binaryFunctions[name](value, b[i % n]));
        assertSameBits(arena.floats(y, a.length), expected, `${name} of ${rows}×${n}`);
        arena.assertGuarded(y, a.byteLength, name);
      }
  });
