// `octavox realtime` as a user meets it, on a model that tells tones apart.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { writeOvx } from "../src/model/ovx.ts";
import { noisy } from "../src/speech/testing.ts";
import { tone, toneModel } from "../src/speech/testing-keywords.ts";
import { floatWav } from "./wav.ts";

const command = join(import.meta.dirname, "../bin/octavox.js");
let work: string;

before(() => {
  work = mkdtempSync(join(tmpdir(), "octavox-realtime-"));
  writeFileSync(join(work, "tones.ovx"), writeOvx(toneModel()));
  writeFileSync(join(work, "clip.wav"), floatWav(Array.from(tone("low", 3.01))));
  writeFileSync(join(work, "short.wav"), floatWav([0, 0, 0]));
});

after(() => rmSync(work, { recursive: true, force: true }));

function run(args: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "realtime", ...args.split(" ")], {
    ...{ cwd: work, encoding: "utf8" },
  });
  return { status, stdout, stderr };
}

test("JSON has the real-time factor, lateness in milliseconds, lost frames and the slowdown of the first loss", () => {
  const { status, stdout, stderr } = run("tones.ovx clip.wav --json");
  assert.deepEqual([status, stderr], [0, ""]);
  const { processingSeconds, rtf, latency, firstLossAt, kernels, ...record } = JSON.parse(stdout);
  assert.deepEqual(record, {
    ...{ model: "tones.ovx", file: "clip.wav", live: false, slow: 1 },
    ...{ frames: 150, frameMs: 20, bufferMs: 1000, audioSeconds: 3, dropped: 0 },
  });
  assert.equal(rtf, processingSeconds / 3);
  assert.ok(0 < latency.median && latency.median <= latency.p99 && latency.p99 <= latency.max);
  assert.ok(firstLossAt > 1);
  assert.equal(typeof kernels, "string");
});

test("a machine that is slow enough loses frames, and a figure shows when", () => {
  const { stdout } = run("tones.ovx clip.wav --json --slow 100000 --frame 50 --buffer 500 -o full.svg");
  const { dropped, frames, frameMs, bufferMs, slow } = JSON.parse(stdout);
  assert.deepEqual([frames, frameMs, bufferMs, slow], [60, 50, 500, 100_000]);
  assert.ok(dropped > 0 && dropped < frames);
  const svg = readFileSync(join(work, "full.svg"), "utf8");
  const said = [
    "<svg ",
    "latency, ms",
    "first frame lost: \\S+ ×",
    "% of all",
    "100000 times slower: \\d+ frames lost",
  ];
  assert.match(svg, new RegExp(`^${[...said, "times slower: the first frame lost"].join("[\\s\\S]*")}`));
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test("people read the same as a table", () => {
  const { stdout } = run("tones.ovx clip.wav --slow 2");
  assert.match(
    stdout,
    /^real-time factor {2}\S+ +3\.0 s of audio in \S+ s, \w+ kernels, 2 times as slow\nlatency /,
  );
  assert.match(stdout, /\nlost frames +0 +of 150, 20 ms each; the buffer holds 1000 ms\nfirst loss +\S+ × /);
});

test("a frame's time is the least of several, so that more runs show no slower machine", () => {
  const seconds = (runs: number): number =>
    JSON.parse(run(`tones.ovx clip.wav --json --runs ${runs}`).stdout).processingSeconds;
  // Three times as much is what a busy machine may add between the two.
  assert.ok(seconds(8) < 3 * seconds(1));
  assert.match(
    run("tones.ovx clip.wav --runs 0").stderr,
    /'0' is invalid\. It must be a whole number, 1 or more/,
  );
});

test("a recogniser is no keyword model, and that is said", () => {
  writeFileSync(join(work, "words.ovx"), writeOvx(noisy()));
  const { status, stderr } = run("words.ovx clip.wav");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /words\.ovx: the model is not a keyword model: .*found a recogniser\. .*octavox transcribe/,
  );
});

test("live, it takes as long as the audio", () => {
  const started = performance.now();
  const { live, frames, dropped } = JSON.parse(run("tones.ovx clip.wav --live --json").stdout);
  assert.deepEqual([live, frames], [true, 150]);
  assert.ok(performance.now() - started > 3000);
  assert.ok(dropped < frames);
});

test("a clip shorter than a frame, and a slowdown of nothing, are errors", () => {
  assert.match(
    run("tones.ovx short.wav").stderr,
    /^octavox: short\.wav: too short a clip: .*320 samples.*found 3/,
  );
  const { status, stderr } = run("tones.ovx clip.wav --slow 0");
  assert.equal(status, 2);
  assert.match(stderr, /'0' is invalid\. It must be a number above 0/);
});
