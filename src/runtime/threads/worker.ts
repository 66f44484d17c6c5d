// A thread: a worker that has the session's memory and kernels and takes parts of jobs off the board until the session
// sends it home. It is a file of its own, so that pages with a strict content security policy can start it.

import { Board, type Seat } from "./board.ts";

/** What a thread is given at its start. */
export interface ThreadData {
  /** The kernels' module, which imports the memory. */
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  board: SharedArrayBuffer;
  seat: Seat;
  /** Names of kernels by number. */
  names: readonly string[];
}

/** Looks at the board so often before it goes to sleep, about 50 µs: jobs of a model follow each other closely. */
const SPINS = 60000;

type Kernel = (...all: number[]) => void;

function work({ module, memory, board: buffer, seat, names }: ThreadData): void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => exports[name] as Kernel);
  const board = new Board(seat, buffer);
  while (board.wait(SPINS))
    for (let part = board.take(); part; part = board.take()) {
      let failed = true;
      try {
        kernels[part.kernel](...part.all);
        failed = false;
      } finally {
        board.done(failed);
      }
    }
}

const host = globalThis as unknown as {
  process?: { getBuiltinModule?(name: string): { workerData: ThreadData } | undefined };
  onmessage: ((event: { data: ThreadData }) => void) | null;
};
const node = host.process?.getBuiltinModule?.("node:worker_threads");
if (node) work(node.workerData);
else host.onmessage = ({ data }) => work(data);
