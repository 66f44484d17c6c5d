// Where the time of a recogniser goes, operator by operator, beside what limits each: the operations of the encoder's
// products against the dot product on registers, the bytes of the decoder's against reading memory.

import { loadRecognizer } from "../../src/host/index.ts";
import { InferenceSession } from "../../src/index.ts";
import { makeLimit } from "../kernels/limit.ts";
import { median } from "../table.ts";
import { readingLimit } from "./reading.ts";

/** As the session's observer is told. */
type NodeRun = Parameters<NonNullable<NonNullable<Observe>["ran"]>>[0];
type Observe = NonNullable<Parameters<typeof InferenceSession.create>[1]>["observe"];

export interface OperatorTime {
  op: string;
  /** In one run of the graph. */
  calls: number;
  milliseconds: number;
  /** Multiplications and additions, counted singly; 0 where a product is not what takes the time. */
  operations: number;
  /** Of constants and states that have to be read. */
  bytes: number;
}

export interface GraphProfile {
  graph: string;
  /** Of a whole run, the steps and what is between them. */
  milliseconds: number;
  operators: OperatorTime[];
}

export interface Profile {
  audioSeconds: number;
  tokens: number;
  graphs: GraphProfile[];
  /** GOPS of the relaxed dot on registers, and GB/s of memory beyond the core's own cache. */
  limits: { gops: number; gbs: number };
}

export interface ProfileOptions {
  /** A recording, at most 30 s. */
  readonly samples: Float32Array;
  readonly rounds: number;
  onProgress?(done: number, total: number): void;
}

const size = (dims: readonly number[] = []): number => dims.reduce((product, dim) => product * dim, 1);

/** What the operators that matter multiply and read. */
const work: Readonly<Record<string, (run: NodeRun) => { operations: number; bytes: number }>> = {
  MatMulIntegerToFloat: product,
  ConvIntegerToFloat: product,
  GatherDequantize: ({ outputs }) => ({ operations: 0, bytes: size(outputs[0]) }),
  Attention: attention(4),
  AttentionInteger: attention(4),
};

function product({ inputs: [, weights], outputs: [y] }: NodeRun) {
  const [k, n] = weights!;
  return { operations: 2 * size(y) * k, bytes: k * n };
}

function attention(elementBytes: number) {
  return ({ inputs: [q, k, v] }: NodeRun) => {
    const queries = q!.at(-2)!;
    const read = size(k) + size(v);
    return { operations: 2 * queries * read, bytes: read * elementBytes };
  };
}

export async function measureProfile({ samples, rounds, onProgress }: ProfileOptions): Promise<Profile> {
  const runs: NodeRun[] = [];
  const observe = { ops: "all" as const, ran: (run: NodeRun) => void runs.push(run) };
  using recognizer = await loadRecognizer("moonshine-tiny", { observe });
  const found: { tokens: number; graphs: GraphProfile[] }[] = [];
  const [gops, gbs]: number[][] = [[], []];
  const dot = makeLimit("u8s8", "u8s8", 1);
  for (let round = -1; round < rounds; round++) {
    onProgress?.(round + 1, rounds + 1);
    runs.length = 0;
    const whole = await graphTimes(() => recognizer.transcribe(samples));
    if (round < 0) continue; // Not yet compiled.
    const graphs = Object.entries(whole).map(([graph, { milliseconds, runs: count }]) => ({
      graph,
      milliseconds: milliseconds / count,
      operators: operatorsOf(
        runs.filter((run) => run.graph === graph),
        count,
      ),
    }));
    found.push({ tokens: whole.step.runs, graphs });
    const times = Array.from({ length: TURNS }, () => timed(dot.run));
    gops.push(dot.operations / median(times.slice(TURNS >> 1)) / 1e6);
    gbs.push(readingLimit(READ, TURNS));
  }
  const middle = found.toSorted((a, b) => timeOf(a) - timeOf(b))[found.length >> 1];
  return {
    audioSeconds: samples.length / RATE,
    ...middle,
    limits: { gops: median(gops), gbs: median(gbs) },
  };
}

const RATE = 16_000;
/** About what a step of the decoder reads. */
const READ = 24 * 2 ** 20;
const TURNS = 40;

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

const timeOf = ({ graphs }: { graphs: readonly GraphProfile[] }): number =>
  graphs.reduce((sum, { milliseconds }) => sum + milliseconds, 0);

/** Time and number of the runs of each graph while `work` is done. */
async function graphTimes(work: () => Promise<unknown>) {
  const spent: Record<string, { milliseconds: number; runs: number }> = {};
  const { run } = InferenceSession.prototype;
  InferenceSession.prototype.run = async function (feeds, options) {
    const started = performance.now();
    const result = await run.call(this, feeds, options);
    spent[options?.graph ?? ""] ??= { milliseconds: 0, runs: 0 };
    const of = spent[options?.graph ?? ""];
    of.milliseconds += performance.now() - started;
    of.runs++;
    return result;
  };
  try {
    await work();
  } finally {
    InferenceSession.prototype.run = run;
  }
  return spent;
}

function operatorsOf(runs: readonly NodeRun[], count: number): OperatorTime[] {
  const byOp = new Map<string, OperatorTime>();
  for (const run of runs) {
    const { op } = run;
    const { operations, bytes } = work[op]?.(run) ?? { operations: 0, bytes: 0 };
    const sum = byOp.get(op) ?? { op, calls: 0, milliseconds: 0, operations: 0, bytes: 0 };
    byOp.set(op, {
      op,
      calls: sum.calls + 1 / count,
      milliseconds: sum.milliseconds + run.milliseconds / count,
      operations: sum.operations + operations / count,
      bytes: sum.bytes + bytes / count,
    });
  }
  return [...byOp.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}
