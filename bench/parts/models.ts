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
import { atLeast, targetSheets } from "../targets.ts";
import type { Part, Settings } from "./part.ts";

const TURNS = 5;
const [TURN, QUICK_TURN] = [40, 15];

/** Model, engine, and how many times as long it takes at least. */
const promises = [
  ["SpellingCNN, 8 bits", "onnxruntime-node", 1.3],
  ["SpellingCNN, 8 bits", "onnxruntime-web", 6],
  ...["Silero VAD", "DTLN, stage 1", "DTLN, stage 2"].flatMap(
    (model) =>
      [
        [model, "onnxruntime-node", 2],
        [model, "onnxruntime-web", 3],
      ] as const,
  ),
] as const;

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
    "One call of each model as it is published, float32 (of SpellingCNN also octavox on 8 bits beside the others in float32), with the state of the call before: in the session, or fed as the " +
    "tensor that was returned (LiteRT.js begins anew at every call); the second column is how much " +
    "sound a call stands for. LiteRT.js runs the same weights as TensorFlow Lite files; every engine's first output " +
    "was compared with the reference operators before it was timed.",

  tables(rows) {
    const promised = ([model, engine, least]: (typeof promises)[number]) => {
      const times = rows.find((row) => row.model === model)?.milliseconds ?? {};
      return atLeast(`${model}: ${engine} ÷ octavox`, least, times[engine] / times.octavox);
    };
    const engines = [...new Set(rows.flatMap(({ milliseconds }) => Object.keys(milliseconds)))];
    return [
      ...targetSheets(promises.map(promised)),
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
