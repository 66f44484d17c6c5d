// Transcribes the sample recordings and compares what is heard with what is said in them.
//   npm run demo

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DEFAULT_MODEL } from "../src/cli/options.ts";
import { byteSize, columns, makeTerminal } from "../src/cli/terminal.ts";
import { readRefs, words } from "../src/evaluate/index.ts";
import { keepMemorySmall, loadRecognizer } from "../src/host/index.ts";
import { decodeAudio } from "../src/index.ts";

const folder = join(import.meta.dirname, "../samples");
const terminal = makeTerminal(process.stdout, process.stderr, process.env);
const { out, note, bold, dim } = terminal;

// A download is converted in a process of its own, so that the memory stated below is what recognising takes.
const launcher = join(import.meta.dirname, "../bin/octavox.js");
const pulled = spawnSync(process.execPath, [launcher, "models", "pull", DEFAULT_MODEL], {
  stdio: ["inherit", "ignore", "inherit"],
});
if (pulled.status !== 0) process.exit(pulled.status ?? 1);

keepMemorySmall();
const started = performance.now();
using recognizer = await loadRecognizer(DEFAULT_MODEL);
const loadMs = performance.now() - started;

let [audio, processing, wrong] = [0, 0, 0];
for (const { id, text: said } of readRefs(readFileSync(join(folder, "refs.tsv"), "utf8"))) {
  const file = join(folder, `${id}.wav`);
  const { samples, sampleRate } = await decodeAudio(readFileSync(file), { file });
  const { text, audioSeconds, processingSeconds, rtf } = await recognizer.transcribe(samples, { sampleRate });
  const right = words(text).join(" ") === words(said).join(" ");
  out(`${right ? "✓" : "✗"} ${bold(text)}`);
  out(dim(`  ${basename(file)}  ${audioSeconds.toFixed(1)} s of audio, real-time factor ${rtf.toFixed(4)}`));
  if (!right) out(`  said: ${said}`);
  audio += audioSeconds;
  processing += processingSeconds;
  wrong += right ? 0 : 1;
}

out("");
const rows = [
  ["model", `${DEFAULT_MODEL}, ready after ${loadMs.toFixed(0)} ms`],
  ["kernels", `${recognizer.kernels}, ${recognizer.threads} thread`],
  [
    "audio",
    `${audio.toFixed(1)} s in ${processing.toFixed(2)} s, real-time factor ${(processing / audio).toFixed(4)}`,
  ],
  ["memory", byteSize(process.memoryUsage.rss())],
];
for (const line of columns(rows)) out(line);
if (wrong > 0) {
  note(`${wrong} of the sentences came out wrong`);
  process.exitCode = 1;
}
