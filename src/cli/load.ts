// Opens the recogniser or keyword model that a verb works with, showing the progress of a download.

import { loadKeywords, loadRecognizer, type PullProgress, readKeywordFile } from "../host/index.ts";
import type { KernelChoice, KeywordModel, Recognizer } from "../index.ts";
import type { Context } from "./context.ts";
import type { Terminal } from "./terminal.ts";

export interface LoadOptions {
  model: string;
  kernels?: KernelChoice | undefined;
  threads?: number | undefined;
}

export async function openRecognizer(
  { terminal, signal }: Context,
  { model, kernels, threads = 1 }: LoadOptions,
): Promise<Recognizer> {
  const { onProgress, end } = pullProgress(terminal, model);
  try {
    const recognizer = await loadRecognizer(model, { kernels, threads, signal, onProgress });
    report(terminal, recognizer, threads);
    return recognizer;
  } finally {
    end();
  }
}

export interface LoadKeywordsOptions {
  model: string;
  kernels?: KernelChoice | undefined;
  threads?: number | undefined;
  /** File that describes a model which does not itself. */
  keywords?: string | undefined;
}

export async function openKeywords(
  { terminal, signal }: Context,
  { model, kernels, threads = 1, keywords }: LoadKeywordsOptions,
): Promise<KeywordModel> {
  const { onProgress, end } = pullProgress(terminal, model);
  try {
    const settings = keywords === undefined ? undefined : await readKeywordFile(keywords);
    const opened = await loadKeywords(model, { settings, kernels, threads, signal, onProgress });
    report(terminal, opened, threads);
    return opened;
  } finally {
    end();
  }
}

/** Says where a model runs otherwise than was asked for. */
function report(
  terminal: Terminal,
  { notice, kernels, threads }: { notice: string | undefined; kernels: KernelChoice; threads: number },
  wanted: number,
): void {
  if (notice) terminal.note(`octavox: ${notice}; using ${kernels}`);
  if (threads < wanted) terminal.note(`octavox: ${kernels} kernels run on one thread, not ${wanted}`);
}

/** A bar that appears with the first news of a download. */
export function pullProgress(terminal: Terminal, name: string) {
  let bar: ReturnType<Terminal["progress"]> | undefined;
  return {
    onProgress({ stage, done, total }: PullProgress): void {
      bar ??= terminal.progress(name);
      bar.update(done, total, `${stage} ${name}`);
    },
    end: (): void => bar?.end(),
  };
}
