// The same clips through several engines, turn and turn about: what slows the machine down slows all of them.

import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addWordErrors, countWordErrors, readRefs, wordErrorRate, words } from "../../src/evaluate/index.ts";
import { cacheFolder, downloadFiles, pullModel } from "../../src/host/index.ts";
import type { Chromium } from "../browser/launch.ts";
import { median } from "../table.ts";
import type { Answer, Loaded, ModelFiles, Request, Spoken } from "./engine.ts";
import { inPages } from "./list.ts";

const MODEL = "moonshine-tiny";

export interface CompareOptions {
  engines: readonly string[];
  /** Folder with refs.tsv and recordings of at most 30 s. */
  folder: string;
  limit?: number | undefined;
  /** How often everything is done; medians over the rounds are reported. */
  rounds: number;
  /** Starts Chromium, whose pages may read the files given: address → path. */
  launch(files: Readonly<Record<string, string>>): Promise<Chromium | undefined>;
  onProgress?(done: number, total: number): void;
}

export interface EngineResult {
  engine: string;
  /** Processing time ÷ audio time, over all clips; median of the rounds. */
  rtf: number;
  encoderRtf: number;
  msPerToken: number;
  loadMs: number;
  /** Resident memory of the engine's process after the last clip; undefined in a page. */
  residentMB: number | undefined;
  /** In percent. */
  wer: number;
}

const CHROMIUM = ", Chromium";
/** Engines in pages, under the names they have in the results. */
export const pageEngines = inPages.map((engine) => engine + CHROMIUM);

export async function compareEngines({
  engines,
  folder,
  limit,
  rounds,
  launch,
  onProgress,
}: CompareOptions): Promise<EngineResult[]> {
  const paths = await modelPaths();
  const refs = readRefs(readFileSync(join(folder, "refs.tsv"), "utf8")).slice(0, limit);
  const clips = refs.map(({ id, text }) => ({ said: text, file: clipFile(folder, id) }));
  const files = [...Object.values(paths), ...clips.map(({ file }) => file)];
  const chromium = engines.some((engine) => pageEngines.includes(engine))
    ? await launch(Object.fromEntries(files.map((file) => [`/files${file}`, file])))
    : undefined;
  const far: Far[] = [];
  for (const engine of engines) {
    if (!pageEngines.includes(engine)) far.push(start(engine));
    else if (chromium) far.push(await openPage(engine, chromium));
  }
  const loads: number[] = [];
  for (const { ask } of far) loads.push(((await ask({ load: paths })) as Loaded).loadMs);

  // heard[engine][round][clip]; a first round warms up and is not kept.
  const heard = far.map(() => Array.from({ length: rounds }, () => [] as Spoken[]));
  for (let round = -1; round < rounds; round++)
    for (const [at, { file }] of clips.entries()) {
      for (const [index, { ask }] of far.entries()) {
        const spoken = (await ask({ transcribe: file })) as Spoken;
        if (round >= 0) heard[index][round].push(spoken);
      }
      onProgress?.((round + 1) * clips.length + at + 1, (rounds + 1) * clips.length);
    }
  for (const { end } of far) await end();
  await chromium?.close();
  return far.map(({ engine }, index) => ({
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
  const bytes = last.at(-1)!.residentBytes;
  const errors = last.map(({ text }, clip) => countWordErrors(words(said[clip]), words(text)));
  return {
    rtf: median(rounds.map((round) => sum(round, "totalMs") / 1000 / sum(round, "audioSeconds"))),
    encoderRtf: median(rounds.map((round) => sum(round, "encoderMs") / 1000 / sum(round, "audioSeconds"))),
    msPerToken: median(rounds.map((round) => sum(round, "decoderMs") / sum(round, "steps"))),
    residentMB: bytes === undefined ? undefined : bytes / 1e6,
    wer: wordErrorRate(errors.reduce(addWordErrors)),
  };
}

/** The far end of an engine: asks it something and waits for the answer. */
interface Far {
  engine: string;
  ask(request: Request): Promise<Loaded | Spoken>;
  end(): void | Promise<void>;
}

async function openPage(engine: string, chromium: Chromium): Promise<Far> {
  const page = await chromium.page();
  await page.evaluate(`startEngine(${JSON.stringify(engine.replace(CHROMIUM, ""))})`);
  const address = (path: string) => `/files${path}`;
  const inPage = (request: Request): Request =>
    "transcribe" in request
      ? { transcribe: address(request.transcribe) }
      : {
          load: {
            ovx: address(request.load.ovx),
            encoder: address(request.load.encoder),
            decoder: address(request.load.decoder),
          },
        };
  return {
    engine,
    ask: async (request) => (await page.evaluate(`askEngine(${JSON.stringify(inPage(request))})`)) as Spoken,
    end: () => page.close(),
  };
}

/** In a process of its own. */
function start(engine: string): Far {
  // As the launcher does, for every engine: what was compiled once is kept.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder(), "compiled") };
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child = fork(join(import.meta.dirname, "child.ts"), [engine], { env, stdio: [...stdio] });
  const ask = (request: Request): Promise<Loaded | Spoken> =>
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
  return { engine, ask, end: () => child.disconnect() };
}

/** The model as octavox keeps it, and as it is published. */
async function modelPaths(): Promise<ModelFiles> {
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
