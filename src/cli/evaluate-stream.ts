// `octavox evaluate --stream`: recordings of label folders joined to a stream, and the words that are found in it.

import { choose, evaluateSpotting, type SpottingResult } from "../evaluate/index.ts";
import { KeywordSpotter } from "../index.ts";
import type { Context } from "./context.ts";
import type { EvaluateOptions, Evaluation } from "./evaluate.ts";
import { type LabelSource, labelledItems } from "./evaluate-labels.ts";
import { type Ran, speedRow } from "./evaluate-report.ts";
import { openKeywords } from "./load.ts";
import { spotterOptions } from "./spotting.ts";

export function spottingEvaluation(
  context: Context,
  source: LabelSource,
  options: EvaluateOptions,
): Evaluation {
  return { dataset: source.dataset, run: (model) => run(context, model, source, options) };
}

async function run(
  context: Context,
  model: string,
  source: LabelSource,
  options: EvaluateOptions,
): Promise<Ran> {
  const { dataset } = source;
  using keywords = await openKeywords(context, { ...options, model });
  const items = choose(labelledItems(context, keywords, source, options), options);
  const spotter = new KeywordSpotter(keywords, spotterOptions(options));
  const bar = context.terminal.progress(dataset);
  try {
    const { labels, sampleRate } = { labels: spotter.labels, sampleRate: keywords.sampleRate };
    const result = await evaluateSpotting(spotter, items, {
      ...{ wanted: labels, sampleRate, seed: options.seed, signal: context.signal, partial: true },
      onProgress: ({ done, total }) => bar.update(done, total),
    });
    const interrupted = result.items < items.length ? { interrupted: true } : {};
    return {
      ...{ model, done: result.items, total: items.length },
      record: { model, dataset, ...result, ...interrupted },
      summary: summary(result, keywords.kernels),
      ...{ details: [], outcomes: [], same: (a, b) => a === b },
    };
  } finally {
    bar.end();
  }
}

function summary(result: SpottingResult, kernels: string): Ran["summary"] {
  const { items, value, words, hits, misses, falseAlarms, falseAlarmsPerHour } = result;
  return [
    ["words found", `${value.toFixed(2)} %`, `${hits} of ${words} words, in ${items} recordings`],
    ["misses", `${misses}`, ""],
    ["false alarms", `${falseAlarms}`, `${falseAlarmsPerHour.toFixed(1)} an hour`],
    speedRow(result, kernels),
  ];
}
