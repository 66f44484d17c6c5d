// npm run bench -- profile: where a recogniser's time goes, and what limits it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeAudio, toMono16k } from "../../src/index.ts";
import { type GraphProfile, measureProfile, type OperatorTime, type Profile } from "../profile/measure.ts";
import { type Sheet, sheet } from "../table.ts";
import type { Part, Settings } from "./part.ts";

const SECONDS = 10;
const RATE = 16_000;
/** Operators that take less than this share of a run are one row. */
const SMALL = 0.01;

export const profile: Part<Profile> = {
  summary: "where the recogniser's time goes, operator by operator, beside what limits it",
  others: false,

  async measure({ quick, rounds, data, bar }: Settings) {
    const samples = await speech(data);
    return measureProfile({
      samples,
      rounds: quick ? 1 : 3 * rounds,
      onProgress: (done, total) => bar.update(done, total),
    });
  },

  heading: "What limits the recogniser",
  explain({ audioSeconds, tokens, graphs, limits: { gops, gbs } }) {
    const [encoder, step] = ["encoder", "step"].map((name) => graphs.find(({ graph }) => graph === name)!);
    const bytes = step.operators.reduce((sum, each) => sum + each.bytes, 0);
    return (
      `Moonshine tiny on ${audioSeconds.toFixed(0)} s of speech: the encoder takes ${encoder.milliseconds.toFixed(0)} ms, ` +
      `each of the decoder's ${tokens} steps ${step.milliseconds.toFixed(2)} ms. The encoder's products are bound by ` +
      `the dot product (${gops.toFixed(0)} GOPS on registers in the same run). A step of the decoder reads ` +
      `${(bytes / 1e6).toFixed(1)} MB of weights and of what was heard, each byte once; one thread reads ${gbs.toFixed(0)} ` +
      `GB/s of memory that its core's own cache cannot hold, so that no kernel takes less than ` +
      `${(bytes / gbs / 1e6).toFixed(2)} ms for a step with 8-bit weights. Fewer bits are the way from there on.`
    );
  },

  tables: ({ graphs, limits }) => graphs.map((graph) => table(graph, limits)),
};

function table({ graph, milliseconds, operators }: GraphProfile, { gops, gbs }: Profile["limits"]): Sheet {
  const known = operators.reduce((sum, each) => sum + each.milliseconds, 0);
  const large = operators.filter((each) => each.milliseconds >= SMALL * milliseconds);
  const small = operators.filter((each) => !large.includes(each));
  const rest = (op: string, all: readonly OperatorTime[], spent: number): OperatorTime => ({
    ...{ op, milliseconds: spent, operations: 0, bytes: 0 },
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
  });
  const rows = [
    ...large,
    rest(
      `${small.length} others`,
      small,
      small.reduce((sum, each) => sum + each.milliseconds, 0),
    ),
    rest("between the operators", [], Math.max(0, milliseconds - known)),
  ];
  const rate = (amount: number, spent: number, limit: number): readonly [string, string] =>
    amount === 0
      ? ["", ""]
      : [(amount / spent / 1e6).toFixed(1), `${((amount / spent / 1e4 / limit) | 0).toFixed(0)} %`];
  return sheet<OperatorTime>(
    [
      { title: graph, cell: ({ op }) => op },
      { title: "calls", cell: ({ calls }) => (calls === 0 ? "" : calls.toFixed(0)) },
      { title: "ms", cell: (each) => each.milliseconds.toFixed(2) },
      { title: "share", cell: (each) => `${((100 * each.milliseconds) / milliseconds).toFixed(0)} %` },
      { title: "GOPS", cell: ({ operations, milliseconds }) => rate(operations, milliseconds, gops)[0] },
      {
        title: "of the limit",
        cell: ({ operations, milliseconds }) => rate(operations, milliseconds, gops)[1],
      },
      { title: "GB/s", cell: ({ bytes, milliseconds }) => rate(bytes, milliseconds, gbs)[0] },
      { title: "of reading", cell: ({ bytes, milliseconds }) => rate(bytes, milliseconds, gbs)[1] },
    ],
    rows,
  );
}

/** Recordings one after another, for SECONDS. */
async function speech(folder: string): Promise<Float32Array> {
  const files = readdirSync(folder)
    .filter((name) => /\.(wav|flac)$/.test(name))
    .sort();
  const samples = new Float32Array(SECONDS * RATE);
  let filled = 0;
  for (const file of files) {
    const clip = toMono16k(await decodeAudio(readFileSync(join(folder, file))));
    samples.set(clip.subarray(0, samples.length - filled), filled);
    filled += Math.min(clip.length, samples.length - filled);
  }
  return samples.subarray(0, filled);
}
