// npm run bench -- kernels: every family of kernels × the shapes of real models.

import { launchChromium, startPage } from "../browser/launch.ts";
import type { Contestant } from "../contest/contest.ts";
import { startProcess } from "../contest/process.ts";
import { startGemmlowp } from "../gemmlowp/start.ts";
import { compareKernels, type KernelRow } from "../kernels/compare.ts";
import { nodeEngines } from "../kernels/engines.ts";
import { families } from "../kernels/families.ts";
import { type Target, targets } from "../kernels/targets.ts";
import { table } from "../table.ts";
import type { Part, Settings } from "./part.ts";

const inPages = ["octavox", "onnxruntime-web"];
/** Turns for each round asked for, and how long one is in milliseconds. */
const TURNS = 5;
const [TURN, QUICK_TURN] = [40, 15];
const QUICK_SHAPES = 3;

export const kernels: Part<readonly KernelRow[]> = {
  summary: "every family of kernels at the shapes of real models, beside the host's limit and other engines",
  others: true,

  async measure({ quick, rounds, only, terminal, bar }: Settings) {
    const note = (text: string) => terminal.note(text);
    const contestants: Contestant[] = [];
    for (const name of Object.keys(nodeEngines)) contestants.push(await startProcess(name, "kernels"));
    const gemmlowp = startGemmlowp(note);
    if (gemmlowp) contestants.push(gemmlowp);
    const chromium = await launchChromium(note);
    if (chromium)
      for (const engine of inPages) contestants.push(await startPage(chromium, engine, "kernels"));
    try {
      return await compareKernels(contestants, {
        families: only ?? Object.keys(families),
        shapes: quick ? QUICK_SHAPES : Number.POSITIVE_INFINITY,
        turns: quick ? TURNS : TURNS * rounds,
        turn: quick ? QUICK_TURN : TURN,
        onProgress: (done, total, label) => bar.update(done, total, label),
      });
    } finally {
      for (const contestant of contestants) await contestant.end();
      await chromium?.close();
    }
  },

  tables(rows) {
    const names = [...new Set(rows.map(({ family }) => family))];
    const parts = names.map((name) =>
      familyTable(
        rows.filter(({ family }) => family === name),
        rows,
      ),
    );
    const held = targets(rows);
    return [...parts, ...(held.length > 0 ? [targetTable(held)] : [])].join("\n\n");
  },
};

/** A family's shapes: its speed in each engine, and octavox's share of its limit and ratio to float32. */
function familyTable(rows: readonly KernelRow[], all: readonly KernelRow[]): string {
  const [{ title, unit, speed, limit }] = rows;
  const share = (row: KernelRow, engine: string) =>
    `${Math.round((100 * row.speed[engine]) / row.limit[engine])} %`;
  const float = (row: KernelRow) =>
    all.find(({ family, shape }) => family === "f32" && shape.join() === row.shape.join());
  const ratio = (row: KernelRow) => {
    const other = float(row);
    return other ? `${(row.speed.octavox / other.speed.octavox).toFixed(1)}×` : "";
  };
  return table(
    [
      { title: `${title}, ${unit}`, cell: ({ shape }) => shape.join("×") },
      ...Object.keys(speed).map((name) => ({
        title: name,
        cell: (row: KernelRow) => row.speed[name].toFixed(row.speed[name] < 10 ? 2 : 0),
      })),
      ...Object.keys(limit).map((name) => ({
        title: name === "octavox" ? "of its limit" : `of ${name.replace(/octavox,? /, "")} limit`,
        cell: (row: KernelRow) => share(row, name),
      })),
      ...(rows.some((row) => row.family !== "f32" && float(row))
        ? [{ title: "÷ float32", cell: ratio }]
        : []),
      { title: "", words: true, cell: ({ from }) => from },
    ],
    rows,
  );
}

function targetTable(held: readonly Target[]): string {
  return table(
    [
      { title: "what must hold", cell: ({ what }) => what },
      { title: "at least", cell: ({ least }) => least.toFixed(2) },
      { title: "measured", cell: ({ found }) => found.toFixed(2) },
      { title: "", words: true, cell: ({ found, least }) => (found >= least ? "holds" : "does not hold") },
    ],
    held,
  );
}
