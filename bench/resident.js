// A program as users write it, in JavaScript on the built package: loads the recogniser, hears one recording after
// another, and says now and then how much memory it has. Arguments: seconds of speech, then recordings.

import { readFileSync } from "node:fs";
import { keepMemorySmall, loadRecognizer } from "../dist/host/index.js";
import { decodeAudio, toMono16k } from "../dist/index.js";

const RATE = 16_000;
const MINUTE = 60;
const [seconds, ...files] = process.argv.slice(2);

keepMemorySmall(); // As the command line does.
const started = performance.now();
const recognizer = await loadRecognizer("moonshine-tiny");
const loaded = performance.now() - started;
let [heard, next] = [0, 0];
let firstText = 0;
report();
for (let i = 0; heard < Number(seconds); i++) {
  const samples = toMono16k(await decodeAudio(readFileSync(files[i % files.length])));
  await recognizer.transcribe(samples);
  if (i === 0) firstText = performance.now();
  heard += samples.length / RATE;
  if (i === 0 || heard >= next) report();
}
recognizer.dispose();

/** A line of JSON: seconds heard, resident bytes, milliseconds of loading and from the process's start to the first text. */
function report() {
  console.log(JSON.stringify({ heard, bytes: process.memoryUsage.rss(), loaded, firstText }));
  next = heard + MINUTE;
}
