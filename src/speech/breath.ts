// Long computations on one thread now and then give way to the event loop, so that a page stays alive and an abort
// is heard.

/** How long a call may compute before it lets other work through, in milliseconds. */
const LONGEST_STRETCH = 40;

export class Breath {
  private last = performance.now();

  /** @throws the signal's reason when aborted */
  async take(signal?: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (performance.now() - this.last < LONGEST_STRETCH) return;
    await new Promise((resume) => setTimeout(resume));
    this.last = performance.now();
    signal?.throwIfAborted();
  }
}
