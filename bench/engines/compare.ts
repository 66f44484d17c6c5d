// The same clips through several engines, turn and turn about: what slows the machine down slows all of them.

import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addWordErrors, countWordErrors, readRefs, wordErrorRate, words } from "../../src/evaluate/index.ts";
import { cacheFolder, downloadFiles, pullModel } from "../../src/host/index.ts";
import { median } from "../table.ts";
import type { Answer, Request } from "./child.ts";
import type { ModelPaths, Transcribed } from "./engine.ts";

const MODEL = "moonshine-tiny";

export interface CompareOptions {
  engines: readonly string[];
  /** Folder with refs.tsv and recordings of at most 30 s. */
  folder: string;
  limit?: number | undefined;
  /** How often everything is done; medians over the rounds are reported. */
  rounds: number;
  onProgress?(done: number, total: number): void;
}

export interface EngineResult {
  engine: string;
  /** Processing time ÷ audio time, over all clips; median of the rounds. */
  rtf: number;
  encoderRtf: number;
  msPerToken: number;
  loadMs: number;
  /** Resident memory of the engine's process after the last clip. */
  residentMB: number;
  /** In percent. */
  wer: number;
}

type Spoken = Extract<Answer, Transcribed>;

export async function compareEngines({
  engines,
  folder,
  limit,
  rounds,
  onProgress,
}: CompareOptions): Promise<EngineResult[]> {
  const paths = await modelPaths();
  const refs = readRefs(readFileSync(join(folder, "refs.tsv"), "utf8")).slice(0, limit);
  const clips = refs.map(({ id, text }) => ({ said: text, file: clipFile(folder, id) }));
  const children = engines.map((engine) => ({ engine, ask: start(engine) }));
  const loads: number[] = [];
  for (const { ask } of children) loads.push(((await ask({ load: paths })) as { loadMs: number }).loadMs);

  // heard[engine][round][clip]; a first round warms up and is not kept.
  const heard = engines.map(() => Array.from({ length: rounds }, () => [] as Spoken[]));
  for (let round = -1; round < rounds; round++)
    for (const [at, { file }] of clips.entries()) {
      for (const [index, { ask }] of children.entries()) {
        const spoken = (await ask({ transcribe: file })) as Spoken;
        if (round >= 0) heard[index][round].push(spoken);
      }
      onProgress?.((round + 1) * clips.length + at + 1, (rounds + 1) * clips.length);
    }
  for (const { ask } of children) ask.end();
  return engines.map((engine, index) => ({
    engine,
    loadMs: loads[index],
    ...summary(
      heard[index],
      clips.map(({ said }) => said),
    ),
  }));
}

function summary(rounds: readonly (readonly Spoken[])[], said: readonly string[]) {
  const sum = (
    round: readonly Spoken[],
    key: "totalMs" | "encoderMs" | "decoderMs" | "steps" | "audioSeconds",
  ) => round.reduce((total, spoken) => total + spoken[key], 0);
  const [last] = rounds.slice(-1);
  const errors = last.map(({ text }, clip) => countWordErrors(words(said[clip]), words(text)));
  return {
    rtf: median(rounds.map((round) => sum(round, "totalMs") / 1000 / sum(round, "audioSeconds"))),
    encoderRtf: median(rounds.map((round) => sum(round, "encoderMs") / 1000 / sum(round, "audioSeconds"))),
    msPerToken: median(rounds.map((round) => sum(round, "decoderMs") / sum(round, "steps"))),
    residentMB: last.at(-1)!.residentBytes / 1e6,
    wer: wordErrorRate(errors.reduce(addWordErrors)),
  };
}

/** A process for one engine; the function asks it something and waits for the answer. */
function start(engine: string) {
  // As the launcher does, for every engine: what was compiled once is kept.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder(), "compiled") };
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child = fork(join(import.meta.dirname, "child.ts"), [engine], { env, stdio: [...stdio] });
  const ask = (request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const onExit = (status: number | null) => reject(new Error(`${engine} left with status ${status}`));
      child.once("exit", onExit);
      child.once("message", (answer: Answer) => {
        child.off("exit", onExit);
        if ("error" in answer) reject(new Error(`${engine}: ${answer.error}`));
        else resolve(answer);
      });
      child.send(request);
    });
  return Object.assign(ask, { end: () => child.disconnect() });
}

/** The model as octavox keeps it, and as it is published. */
async function modelPaths(): Promise<ModelPaths> {
  const folder = join(cacheFolder(), "published", MODEL);
  const onnx = (name: string) => join(folder, `${name}.onnx`);
  if (!existsSync(onnx("decoder"))) {
    const { encoder, decoder } = await downloadFiles(MODEL);
    mkdirSync(folder, { recursive: true });
    writeFileSync(onnx("encoder"), encoder);
    writeFileSync(onnx("decoder"), decoder);
  }
  return { ovx: await pullModel(MODEL), encoder: onnx("encoder"), decoder: onnx("decoder") };
}

function clipFile(folder: string, id: string): string {
  const file = [".wav", ".flac"]
    .map((extension) => join(folder, id + extension))
    .find((path) => existsSync(path));
  if (!file) throw new Error(`${folder} has no ${id}.wav or ${id}.flac`);
  return file;
}
