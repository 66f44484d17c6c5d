// What the bench measures is right before it is timed: here without a clock, and without the other engines.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Contestant, compete } from "../bench/contest/contest.ts";
import { makeAnswerer, type Values } from "../bench/contest/task.ts";
import { families } from "../bench/kernels/families.ts";
import { octavoxKernels } from "../bench/kernels/octavox.ts";
import { createRandom, seedOf } from "../bench/kernels/random.ts";
import { readShapes } from "../bench/kernels/shapes.ts";
import { ladderOperands, steps } from "../bench/ladder/steps.ts";
import { markdownOf, median, sheet, textOf } from "../bench/table.ts";

/** A shape for each file of shapes, small enough for the reference. */
const small: Readonly<Record<string, readonly number[]>> = {
  products: [7, 20, 37],
  attention: [3, 9, 2, 12, 1],
  rows: [3, 50],
  depthwise: [6, 7, 9, 3, 2],
  recurrent: [13, 7],
};

for (const [name, family] of Object.entries(families))
  test(`${name}: the kernel, called as the bench calls it, leaves what the reference does`, async () => {
    const shape = small[family.shapes];
    const expected = family.reference(family.operands(shape, createRandom(seedOf(shape))), shape);
    const job = (await octavoxKernels("simd")({ family: name, shape }))!;
    await job.run();
    assert.deepEqual(await job.result(), expected);
    assert.ok(family.work(shape) > 0);
  });

test("every step of the ladder gives the integers that three plain loops give", async (t) => {
  // The last step needs a flag of the host, which is the whole process's.
  const [naive, ...others] = steps.filter(({ title }) => title !== "wide");
  const operands = ladderOperands([24, 48, 64]);
  const sums = async (step: (typeof steps)[number]) => {
    const job = step.make(operands);
    await job?.run();
    return job?.result();
  };
  const expected = await sums(naive);
  for (const step of others) {
    const found = await sums(step);
    if (found) assert.deepEqual(found, expected, step.title);
    else t.diagnostic(`"${step.title}" cannot run here`);
  }
});

test("shapes have the sizes of their family, and a model each", () => {
  for (const [name, { shapes }] of Object.entries(families)) {
    const [first, ...rest] = readShapes(shapes);
    for (const { shape, from } of [first, ...rest]) {
      assert.equal(shape.length, first.shape.length, `${name}: ${shape}`);
      assert.ok(shape.every(Number.isInteger) && from.length > 0, `${name}: ${shape}`);
    }
  }
});

const contestant = (name: string, result: Values | undefined, asked: string[]): Contestant => ({
  name,
  async ask(request) {
    if ("time" in request) {
      asked.push(name);
      return { milliseconds: asked.length, limit: undefined };
    }
    return { result, skipped: result === undefined };
  },
  end() {},
});
const isSeven = (found: Values) => (found[0] === 7 ? undefined : `${found[0]} is not 7`);
const task = { family: "any", shape: [] };

test("contestants take turns, those without the task are left out, and the median counts", async () => {
  const asked: string[] = [];
  const all = [
    contestant("a", Int32Array.of(7), asked),
    contestant("b", undefined, asked),
    contestant("c", Int32Array.of(7), asked),
  ];
  const standings = await compete(all, task, isSeven, { turns: 3, turn: 1 });
  assert.deepEqual(asked, ["a", "c", "a", "c", "a", "c"]);
  assert.deepEqual(Object.keys(standings), ["a", "c"]);
  assert.equal(standings.a.milliseconds, 3);
});

test("what is wrong is not timed", async () => {
  const asked: string[] = [];
  const wrong = [contestant("a", Int32Array.of(8), asked)];
  await assert.rejects(compete(wrong, task, isSeven, { turns: 3, turn: 1 }), /8 is not 7/);
  const notes: string[] = [];
  assert.deepEqual(
    await compete(wrong, task, isSeven, { turns: 3, turn: 1 }, (text) => notes.push(text)),
    {},
  );
  assert.deepEqual([asked.length, notes.length], [0, 1]);
});

test("an answerer warms a job, and measures the limit beside it", async () => {
  let [runs, loops] = [0, 0];
  const answer = makeAnswerer(() => ({
    run: () => void runs++,
    result: () => Int32Array.of(7),
    limit: { run: () => void loops++, operations: 1000 },
  }));
  await answer({ prepare: task });
  assert.ok(runs > 50 && loops > 50);
  const timed = await answer({ time: 2 });
  assert.ok("limit" in timed && timed.milliseconds > 0 && timed.limit! > 0);
});

test("a table has its figures to the right, on the terminal and in a document", () => {
  const table = sheet(
    [
      { title: "name", cell: ({ name }) => name },
      { title: "n", cell: ({ n }) => `${n}` },
    ],
    [
      { name: "a", n: 5 },
      { name: "bb", n: 123 },
    ],
  );
  assert.equal(textOf(table), "name    n\n────  ───\na       5\nbb    123");
  assert.equal(markdownOf(table), "| name | n |\n| --- | --: |\n| a | 5 |\n| bb | 123 |");
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
