// Long computations on one thread now and then give way to the event loop, so that a page stays alive and an abort
// is heard. A message to oneself takes a turn of the loop like a timer does, but not a timer's millisecond.

/** How long a call may compute before it lets other work through, in milliseconds. */
const LONGEST_STRETCH = 40;

export class Breath {
  private last = performance.now();

  /** @throws the signal's reason when aborted */
  async take(signal?: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (performance.now() - this.last < LONGEST_STRETCH) return;
    await nextTurn();
    this.last = performance.now();
    signal?.throwIfAborted();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      // An open port would keep a program from ending.
      port1.close();
      resume();
    };
    port2.postMessage(undefined);
  });
}
