// npm run bench -- engines: the same recordings through every engine.

import { launchChromium } from "../browser/launch.ts";
import { compareEngines, type EngineResult, pageEngines } from "../engines/compare.ts";
import { engines as list } from "../engines/list.ts";
import { enginesFigure } from "../figures/engines.ts";
import { sheet } from "../table.ts";
import { atLeast, targetSheets } from "../targets.ts";
import type { Part, Settings } from "./part.ts";

export const engines: Part<readonly EngineResult[]> = {
  summary: "the same recordings through octavox and through onnxruntime, one thread each",
  others: true,

  measure: ({ quick, rounds, only, data, limit, terminal, bar }: Settings) =>
    compareEngines({
      engines: only ?? [...Object.keys(list), ...pageEngines],
      folder: data,
      limit: limit ?? (quick ? 2 : undefined),
      rounds: quick ? 1 : rounds,
      launch: (files) => launchChromium((text) => terminal.note(text), files),
      onProgress: (done, total) => bar.update(done, total),
    }),

  heading: "Speech recognition beside other engines",
  figure: enginesFigure,
  explain(results) {
    const [own, ...others] = results;
    const times = (engine: string) => {
      const other = others.find((each) => each.engine === engine);
      return other ? `${(other.rtf / own.rtf).toFixed(1)} times that of octavox` : "not measured";
    };
    return (
      "Moonshine tiny, the same recordings through every engine in turn, one thread each; the real-time factor is " +
      `processing time ÷ audio time. onnxruntime-node's is ${times("onnxruntime-node")}, onnxruntime-web's ` +
      `${times("onnxruntime-web")}: most of it in the decoder, where the others make floats of the whole embedding ` +
      "for every token."
    );
  },

  tables(results) {
    const [own] = results;
    const found = (engine: string, value: (result: EngineResult) => number): number => {
      const result = results.find((each) => each.engine === engine);
      return result ? value(result) : Number.NaN;
    };
    const slower = (engine: string, value: (result: EngineResult) => number): number =>
      found(engine, value) / value(own);
    return [
      ...targetSheets([
        atLeast(
          "RTF of onnxruntime-node ÷ octavox",
          4,
          slower("onnxruntime-node", ({ rtf }) => rtf),
        ),
        atLeast(
          "RTF of onnxruntime-web ÷ octavox",
          7,
          slower("onnxruntime-web", ({ rtf }) => rtf),
        ),
        atLeast(
          "time for a token of onnxruntime-node ÷ octavox",
          8,
          slower("onnxruntime-node", ({ msPerToken }) => msPerToken),
        ),
        atLeast(
          "encoder with 1 thread ÷ with 2",
          1.6,
          1 / slower("octavox, 2 threads", ({ encoderRtf }) => encoderRtf),
        ),
      ]),
      sheet(
        [
          { title: "engine", cell: ({ engine }) => engine },
          { title: "RTF", cell: ({ rtf }) => rtf.toFixed(4) },
          { title: `÷ ${own.engine}`, cell: ({ rtf }) => `${(rtf / own.rtf).toFixed(2)}×` },
          { title: "encoder RTF", cell: ({ encoderRtf }) => encoderRtf.toFixed(4) },
          { title: "ms a token", cell: ({ msPerToken }) => msPerToken.toFixed(2) },
          { title: "load ms", cell: ({ loadMs }) => loadMs.toFixed(0) },
          { title: "resident MB", cell: ({ residentMB }) => residentMB?.toFixed(0) ?? "–" },
          { title: "WER %", cell: ({ wer }) => wer.toFixed(2) },
        ],
        results,
      ),
    ];
  },
};
