// Starts a thread where there are threads: a worker of the page, or one of Node's. Neither keeps its program alive.

import type { ThreadData } from "./worker.ts";

/** A thread as the session holds it. */
export interface Thread {
  /** Ends it, whatever it is doing; done when nothing of it runs any more. */
  terminate(): unknown;
}

/** `onLost` is told why a thread could not start, or ended before it was sent home. */
export type StartThread = (data: ThreadData, onLost: (reason: string) => void) => Thread;

interface NodeWorker extends Thread {
  unref(): void;
  on(event: "error", listener: (error: Error) => void): void;
}

interface NodeWorkers {
  Worker: new (file: URL, options: { workerData: ThreadData }) => NodeWorker;
}

const host = globalThis as unknown as {
  process?: { getBuiltinModule?(name: string): NodeWorkers | undefined };
};

export const startThread: StartThread = (data, onLost) => {
  const node = host.process?.getBuiltinModule?.("node:worker_threads");
  return node ? startInNode(node, data, onLost) : startInPage(data, onLost);
};

function startInNode({ Worker }: NodeWorkers, workerData: ThreadData, onLost: (reason: string) => void) {
  // Sources run as they are; a package has JavaScript.
  const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  worker.unref();
  worker.on("error", ({ message }) => onLost(message));
  return worker;
}

function startInPage(data: ThreadData, onLost: (reason: string) => void): Thread {
  // Spelled out, so that bundlers find the file.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onerror = ({ message }) => onLost(message || "its file could not be loaded");
  worker.postMessage(data);
  return worker;
}
