// Opens the recogniser that a verb works with, showing the progress of a download.

import { loadRecognizer, type PullProgress } from "../host/index.ts";
import type { KernelChoice, Recognizer } from "../index.ts";
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
    const recognizer = await loadRecognizer(model, { kernels, signal, onProgress });
    if (recognizer.notice) terminal.note(`octavox: ${recognizer.notice}; using ${recognizer.kernels}`);
    if (threads > recognizer.threads)
      terminal.note(`octavox: this version runs on one thread; --threads ${threads} changes nothing`);
    return recognizer;
  } finally {
    end();
  }
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
