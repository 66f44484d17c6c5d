// npm run bench -- models: small models of speech, a call at a time.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { launchChromium, startPage } from "../browser/launch.ts";
import type { Contestant } from "../contest/contest.ts";
import { startProcess } from "../contest/process.ts";
import { compareModels, type ModelRow } from "../models/compare.ts";
import { folder, modelEngines, modelPages } from "../models/engines.ts";
import { models as list } from "../models/list.ts";
import { sheet } from "../table.ts";
import type { Part, Settings } from "./part.ts";

const TURNS = 5;
const [TURN, QUICK_TURN] = [40, 15];

export const models: Part<readonly ModelRow[]> = {
  summary: "small models of speech, a call at a time: octavox, onnxruntime, LiteRT.js",
  others: true,

  async measure({ quick, rounds, terminal, bar }: Settings) {
    const note = (text: string) => terminal.note(text);
    if (!existsSync(folder)) {
      note(`no models in ${folder}: nothing is compared`);
      return [];
    }
    const contestants: Contestant[] = [];
    for (const name of Object.keys(modelEngines)) contestants.push(await startProcess(name, "models"));
    const paths = list.flatMap(({ onnx, tflite }) => [onnx, ...(tflite ? [tflite] : [])]);
    const files = Object.fromEntries(paths.map((path) => [`/files/${path}`, join(folder, path)]));
    const chromium = await launchChromium(note, files);
    if (chromium)
      for (const engine of modelPages) contestants.push(await startPage(chromium, engine, "models"));
    const turns = { turns: quick ? TURNS : TURNS * rounds, turn: quick ? QUICK_TURN : TURN };
    try {
      return await compareModels(contestants, turns, note, (done, total, label) =>
        bar.update(done, total, label),
      );
    } finally {
      for (const contestant of contestants) await contestant.end();
      await chromium?.close();
    }
  },

  heading: "Small models",
  explain: () =>
    "One call of each model as it is published, float32, with the state of the call before: in the session, or fed as the " +
    "tensor that was returned (LiteRT.js begins anew at every call); the second column is how much " +
    "sound a call stands for. LiteRT.js runs the same weights as TensorFlow Lite files; every engine's first output " +
    "was compared with the reference operators before it was timed.",

  tables(rows) {
    const engines = [...new Set(rows.flatMap(({ milliseconds }) => Object.keys(milliseconds)))];
    return [
      sheet(
        [
          { title: "ms a call", cell: ({ model }) => model },
          { title: "hears, ms", cell: ({ hears }) => `${hears}` },
          ...engines.map((engine) => ({
            title: engine,
            cell: ({ milliseconds }: ModelRow) => milliseconds[engine]?.toPrecision(3) ?? "–",
          })),
        ],
        rows,
      ),
    ];
  },
};
