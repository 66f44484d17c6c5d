// Small models, one call after another, in every engine that has their weights; compared with octavox's reference
// operators first.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor } from "../../src/index.ts";
import { type Contestant, compete, type Turns } from "../contest/contest.ts";
import type { Values } from "../contest/task.ts";
import { folder } from "./engines.ts";
import { type BenchModel, models } from "./list.ts";
import { octavoxFeeds, openModel } from "./octavox.ts";

export interface ModelRow {
  model: string;
  hears: number;
  /** Of one call, by engine. */
  milliseconds: Record<string, number>;
}

/** Of floats, relative to the largest: engines sum in other orders. */
const TOLERANCE = 1e-3;
/** The same of floats against integers. (octavox's kernels have the bits of its reference in any case: they are tried.) */
const INTEGER_TOLERANCE = 0.25;

export async function compareModels(
  contestants: readonly Contestant[],
  turns: Turns,
  note: (text: string) => void,
  onProgress: (done: number, total: number, label: string) => void,
): Promise<ModelRow[]> {
  const rows: ModelRow[] = [];
  for (const [index, model] of models.entries()) {
    onProgress(index, models.length, model.name);
    const expected = await referenceResult(model);
    const judge = (found: Values) =>
      difference(found, expected.data as Float32Array, model.scheme ? INTEGER_TOLERANCE : TOLERANCE);
    const task = { family: model.name, shape: expected.dims };
    const standings = await compete(contestants, task, judge, turns, note);
    const times = Object.entries(standings).map(([engine, { milliseconds }]) => [engine, milliseconds]);
    rows.push({ model: model.name, hears: model.hears, milliseconds: Object.fromEntries(times) });
  }
  return rows;
}

async function referenceResult(model: BenchModel): Promise<Tensor> {
  using session = await openModel(model, (path) => readFile(join(folder, path)), { kernels: "reference" });
  const [output] = session.outputs();
  return (await session.run(octavoxFeeds(model)))[output.name];
}

function difference(found: Values, expected: Float32Array, tolerance: number): string | undefined {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const at = expected.findIndex((value, i) => !(Math.abs(found[i] - value) <= tolerance * largest));
  return at < 0 ? undefined : `value ${at} is ${found[at]}, expected ${expected[at]}`;
}
