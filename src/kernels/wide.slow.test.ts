// Every size once more with neighbouring vectors fused, as "wide" kernels are compiled.

import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { givens, ProductTester, testedDots } from "./testing_u8s8.ts";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff"]) setFlagsFromString(flag);

await import("./matmul_f32.slow.test.ts");

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);
const dot = testedDots.at(-1)!;

test(`${dot.word} 6×16, revectorized: equals the reference for all M, N ≤ 33 and K ≤ 67`, () => {
  const tester = new ProductTester(dot, { rows: 6, columns: 16 });
  for (const given of givens) for (const k of upTo(67)) tester.check(upTo(33), upTo(33), k, given);
});
