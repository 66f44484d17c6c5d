// The ladder: one product, eight ways, each a reason faster than the one before.

import type { Prepare } from "../contest/task.ts";
import { createRandom, seedOf, signedBytes, unsignedBytes } from "../kernels/random.ts";
import { naiveTypeScript } from "./01-naive-typescript.ts";
import { naiveWebAssembly } from "./02-naive-webassembly.ts";
import { vectors } from "./03-vectors.ts";
import { tiles } from "./04-tiles.ts";
import { packing } from "./05-packing.ts";
import { integers } from "./06-integers.ts";
import { relaxedDot } from "./07-relaxed-dot.ts";
import { wide } from "./08-wide.ts";
import type { Operands, Step } from "./step.ts";

export const steps: readonly Step[] = [
  naiveTypeScript,
  naiveWebAssembly,
  vectors,
  tiles,
  packing,
  integers,
  relaxedDot,
  wide,
];

/** m, n, k: multiples of every tile; k at most 513, so that float32 holds every sum. */
export const ladderShape = [480, 480, 512] as const;

export function ladderOperands([m, n, k]: readonly number[]): Operands {
  const random = createRandom(seedOf([m, n, k]));
  return { a: unsignedBytes(random, m * k), b: signedBytes(random, k * n), m, n, k };
}

/** As contestants, by title. */
export const ladderEngines: Readonly<Record<string, () => Prepare>> = Object.fromEntries(
  steps.map(({ title, make }) => [
    title,
    () =>
      ({ shape }) =>
        make(ladderOperands(shape)),
  ]),
);
