// npm run bench -- kernels: every family of kernels × the shapes of real models.

import { launchChromium, startPage } from "../browser/launch.ts";
import type { Contestant } from "../contest/contest.ts";
import { startProcess } from "../contest/process.ts";
import { kernelsFigure } from "../figures/kernels.ts";
import { startGemmlowp } from "../gemmlowp/start.ts";
import { compareKernels, type KernelRow } from "../kernels/compare.ts";
import { nodeEngines } from "../kernels/engines.ts";
import { families } from "../kernels/families.ts";
import { targets } from "../kernels/targets.ts";
import { type Sheet, sheet } from "../table.ts";
import { atLeast, targetSheets } from "../targets.ts";
import type { Part, Settings } from "./part.ts";

const inPages = ["octavox", "onnxruntime-web"];
/** Turns for each round asked for, and how long one is in milliseconds. */
const TURNS = 5;
const [TURN, QUICK_TURN] = [40, 15];
const QUICK_SHAPES = 3;

export const kernels: Part<readonly KernelRow[]> = {
  summary: "every family of kernels at the shapes of real models, beside the host's limit and other engines",
  others: true,

  async measure({ quick, rounds, only, shapes, terminal, bar }: Settings) {
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
        shapes: shapes ?? (quick ? QUICK_SHAPES : Number.POSITIVE_INFINITY),
        turns: quick ? TURNS : TURNS * rounds,
        turn: quick ? QUICK_TURN : TURN,
        onProgress: (done, total, label) => bar.update(done, total, label),
      });
    } finally {
      for (const contestant of contestants) await contestant.end();
      await chromium?.close();
    }
  },

  heading: "Kernels",
  figure: kernelsFigure,
  explain(rows) {
    const yardstick = rows.find(({ family, shape }) => family === "u8s8" && shape[0] > 1);
    if (!yardstick) return "";
    const { speed, limit, shape } = yardstick;
    const gops = (engine: string) => `${speed[engine].toFixed(0)} GOPS`;
    const percent = Math.round((100 * speed.octavox) / limit.octavox);
    return (
      `The 8-bit product of ${shape.join("×")} runs at ${gops("octavox")}, ${percent} % of what a loop of the same ` +
      `instruction on registers reaches in the same turns; with vectors fused ("wide") at ${gops("octavox wide")}. ` +
      "A single row is bound by reading the weights, not by multiplying them, so its share of the limit says how " +
      "far the caches carry. GOPS counts a multiplication and an addition as two; every result was compared with " +
      "the reference before it was timed, integers and octavox's floats bit for bit." +
      targets(rows)
        .map(({ why }) => (why ? `\n\n${why}` : ""))
        .join("")
    );
  },

  tables(rows) {
    const names = Object.keys(families).filter((name) => rows.some(({ family }) => family === name));
    const parts = names.map((name) =>
      familySheet(
        rows.filter(({ family }) => family === name),
        rows,
      ),
    );
    const held = targets(rows).map(({ what, least, found }) => atLeast(what, least, found));
    return [...targetSheets(held), ...parts];
  },
};

/** A family's shapes: its speed in each engine, and octavox's share of its limit and ratio to float32. */
function familySheet(rows: readonly KernelRow[], all: readonly KernelRow[]): Sheet {
  const [{ title, unit, speed, limit }] = rows;
  const share = (row: KernelRow, engine: string) =>
    `${Math.round((100 * row.speed[engine]) / row.limit[engine])} %`;
  const float = (row: KernelRow) =>
    all.find(({ family, shape }) => family === "f32" && shape.join() === row.shape.join());
  const ratio = (row: KernelRow) => {
    const other = float(row);
    return other ? `${(row.speed.octavox / other.speed.octavox).toFixed(1)}×` : "";
  };
  return sheet(
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
