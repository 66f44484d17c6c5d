// Every family of kernels at every shape of the models that use it, beside the products of other engines, and beside
// the limits of the host. The rows are plain values: the table, the JSON and the charts are made from them.

import { type Contestant, compete, type Judge, type Turns } from "../contest/contest.ts";
import { families } from "./families.ts";
import type { Family, Shape } from "./family.ts";
import { createRandom, seedOf } from "./random.ts";
import { type NamedShape, readShapes } from "./shapes.ts";

export interface KernelRow {
  family: string;
  title: string;
  shape: Shape;
  from: string;
  unit: "GOPS" | "G values/s";
  /** By engine. */
  speed: Record<string, number>;
  /** What the engine's own loop on registers reached in the same turns, in GOPS; octavox's only. */
  limit: Record<string, number>;
}

export interface KernelOptions extends Turns {
  readonly families: readonly string[];
  /** Shapes of each family, from the top of its file. */
  readonly shapes: number;
  onProgress?(done: number, total: number, label: string): void;
}

/** Relative to the largest value; octavox itself must have the reference's bits. */
const FLOAT_TOLERANCE = 1e-4;

export async function compareKernels(
  contestants: readonly Contestant[],
  { families: names, shapes, onProgress, ...turns }: KernelOptions,
): Promise<KernelRow[]> {
  // A shape's families one after the other: they are compared with each other, and the host's speed drifts.
  const work = [...new Set(names.map((name) => families[name].shapes))].flatMap((file) =>
    readShapes(file)
      .slice(0, shapes)
      .flatMap((named) =>
        names.filter((name) => families[name].shapes === file).map((name) => ({ name, ...named })),
      ),
  );
  const rows: KernelRow[] = [];
  for (const [index, { name, ...named }] of work.entries()) {
    onProgress?.(index, work.length, `${name} ${named.shape.join("×")}`);
    rows.push(await compareShape(contestants, name, named, turns));
  }
  return rows;
}

async function compareShape(
  contestants: readonly Contestant[],
  name: string,
  { shape, from }: NamedShape,
  turns: Turns,
): Promise<KernelRow> {
  const family = families[name];
  const task = { family: name, shape };
  const standings = await compete(contestants, task, judgeOf(family, shape), turns);
  const speed: Record<string, number> = {};
  const limit: Record<string, number> = {};
  for (const [engine, standing] of Object.entries(standings)) {
    speed[engine] = family.work(shape) / standing.milliseconds / 1e6;
    if (standing.limit) limit[engine] = standing.limit;
  }
  const unit = family.limit ? "GOPS" : "G values/s";
  return { family: name, title: family.title, shape, from, unit, speed, limit };
}

/** The reference's result is computed once; octavox must have its bits, others its integers and about its floats. */
function judgeOf({ operands, reference }: Family, shape: Shape): Judge {
  const expected = reference(operands(shape, createRandom(seedOf(shape))), shape);
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  return (found, contestant) => {
    const slack =
      expected instanceof Float32Array && !contestant.startsWith("octavox") ? FLOAT_TOLERANCE * largest : 0;
    const at = expected.findIndex((value, i) => !(Math.abs(found[i] - value) <= slack));
    if (at < 0 && found.length === expected.length) return undefined;
    return `value ${at} is ${found[at]}, expected ${expected[at]}`;
  };
}
