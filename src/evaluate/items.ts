// One recording after the other: what every evaluation has in common.

export interface RunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** An abort ends the evaluation with what was done until then instead of being thrown. */
  partial?: boolean | undefined;
}

/** Audio heard and time spent, in seconds; reading and decoding files is not part of the time. */
export interface Cost {
  audioSeconds: number;
  processingSeconds: number;
  /** Real-time factor: processing time ÷ audio time. */
  rtf: number;
}

/**
 * Calls `each` for one item after the other.
 * @returns how many were done: all, or fewer after an abort with `partial`
 * @throws what `each` throws; the signal's reason when aborted without `partial`
 */
export async function forEachItem<Item>(
  items: readonly Item[],
  each: (item: Item) => Promise<void>,
  { signal, onProgress, partial = false }: RunOptions,
): Promise<number> {
  for (const [index, item] of items.entries()) {
    onProgress?.({ done: index, total: items.length });
    try {
      signal?.throwIfAborted();
      await each(item);
    } catch (error) {
      if (partial && signal?.aborted) return index;
      throw error;
    }
  }
  onProgress?.({ done: items.length, total: items.length });
  return items.length;
}

export function costOf(audioSeconds: number, processingSeconds: number): Cost {
  return { audioSeconds, processingSeconds, rtf: audioSeconds === 0 ? 0 : processingSeconds / audioSeconds };
}
