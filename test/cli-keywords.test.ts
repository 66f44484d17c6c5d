// The command line with a keyword model, on tones that stand for words: evaluate, spot, listen, realtime.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeOvx } from "../src/model/ovx.ts";
import {
  joined,
  silence,
  tone,
  toneFeatures,
  toneLabels,
  toneModel,
} from "../src/speech/testing-keywords.ts";
import { floatWav } from "./wav.ts";

const command = join(import.meta.dirname, "../bin/octavox.js");
let work: string;

before(() => {
  work = mkdtempSync(join(tmpdir(), "octavox-keywords-"));
  writeFileSync(join(work, "tones.ovx"), writeOvx(toneModel()));
  writeFileSync(join(work, "silent.ovx"), writeOvx({ ...toneModel(), metadata: {} }));
  // Its labels are the other way round: it is wrong about every tone.
  const [nothing, unknown, low, high] = toneLabels;
  writeFileSync(join(work, "wrong.ovx"), writeOvx(toneModel({ labels: [nothing, unknown, high, low] })));
  const settings = { labels: toneLabels, samples: 16_000, features: toneFeatures };
  writeFileSync(join(work, "tones.json"), JSON.stringify(settings));
  const clips = { low: tone("low", 1), high: tone("high", 1), _silence_: silence(1), bed: silence(0.5) };
  for (const [label, samples] of Object.entries(clips))
    for (const name of ["a", "b", "c"]) clip(`words/${label}`, `${name}.wav`, samples);
  clip("noises/_background_noise_", "a.wav", silence(1));
  clip("noises/low", "a.wav", tone("low", 1));
  writeFileSync(join(work, "words/README.md"), "Tones.");
});

after(() => rmSync(work, { recursive: true, force: true }));

function clip(folder: string, name: string, samples: Float32Array): void {
  mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, folder, name), floatWav(Array.from(samples)));
}

function run(args: string, { input, path }: { input?: Uint8Array; path?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args.split(" ")], {
    ...{ cwd: work, encoding: "utf8", input },
    env: path === undefined ? process.env : { ...process.env, PATH: path },
  });
  return { status, stdout, stderr };
}

describe("evaluating", () => {
  test("accuracy is counted over label folders, other words as unknown, and that is said", () => {
    const { status, stdout, stderr } = run("evaluate tones.ovx words --json");
    assert.equal(status, 0);
    assert.equal(stderr, "octavox: counted as _unknown_: bed\n");
    const { audioSeconds, processingSeconds, rtf, ...record } = JSON.parse(stdout);
    assert.deepEqual(record, {
      ...{ model: "tones.ovx", dataset: "words", items: 12, metric: "accuracy", value: 75 },
      perClass: {
        _silence_: { count: 3, correct: 3, value: 100 },
        _unknown_: { count: 3, correct: 0, value: 0 },
        low: { count: 3, correct: 3, value: 100 },
        high: { count: 3, correct: 3, value: 100 },
      },
      withoutSilence: { items: 9, correct: 6, value: (100 * 6) / 9 },
      confusion: {
        labels: toneLabels,
        counts: [
          [3, 0, 0, 0],
          [3, 0, 0, 0],
          [0, 0, 3, 0],
          [0, 0, 0, 3],
        ],
      },
    });
    assert.equal(audioSeconds, 10.5);
    assert.equal(rtf, processingSeconds / audioSeconds);
  });

  test("people see accuracy, labels and confusions; recordings with errors when asked", () => {
    const { stdout } = run("evaluate tones.ovx words --errors");
    assert.match(
      stdout,
      /^accuracy +75\.00 % {2}9 of 12 recordings\nwithout _silence_ +66\.67 % {2}6 of 9\n/,
    );
    assert.match(stdout, /\n_unknown_ {2}0 {2}of 3 +0\.0 %\n/);
    assert.match(stdout, /\n_unknown_ +3 +· +· +·\n/);
    assert.match(stdout, /\nbed\/c\.wav\n {2}said {3}_unknown_\n {2}heard {2}_silence_\n$/);
  });

  test("a limit takes recordings of every label in turn, a seed draws them", () => {
    const chosen = (args: string) =>
      JSON.parse(run(`evaluate tones.ovx words --json ${args}`).stdout).perClass;
    const counts = Object.values(chosen("--limit 4")).map((each) => (each as { count: number }).count);
    assert.deepEqual(counts, [1, 1, 1, 1]);
    assert.deepEqual(chosen("--limit 5 --seed 2"), chosen("--limit 5 --seed 2"));
  });

  test("two models stand side by side, with what they heard differently", () => {
    const { stdout } = run("evaluate tones.ovx words --against wrong.ovx --limit 6");
    assert.match(stdout, /^ +tones\.ovx {2}wrong\.ovx\naccuracy +66\.67 % +33\.33 %\n/);
    assert.match(
      stdout,
      /\ndifferences {2}2 of 6 recordings\nonly tones\.ovx is right: 2; only wrong\.ovx: 0; neither: 0\n/,
    );
    assert.match(stdout, /\nhigh\/a\.wav +high +high +low\n/);
    const { value, against, disagreements } = JSON.parse(
      run("evaluate tones.ovx words --against wrong.ovx --limit 4 --json").stdout,
    );
    assert.deepEqual([value, against.value, against.model], [75, 25, "wrong.ovx"]);
    assert.deepEqual(disagreements[0], {
      ...{ id: "high/a.wav", said: "high", heard: "high", other: "low", right: "this" },
    });
  });

  test("joined to a stream, words found are compared with words said", () => {
    const { stdout } = run("evaluate tones.ovx words --stream --json --seed 1");
    const { items, metric, value, words, hits, misses, falseAlarms, audioSeconds } = JSON.parse(stdout);
    assert.deepEqual([items, metric, value, words, hits, misses, falseAlarms], [12, "hits", 100, 6, 6, 0, 0]);
    assert.ok(audioSeconds > 10.5 + 12 * 0.5 && audioSeconds < 10.5 + 13 * 1.5);
    const wrong = run("evaluate wrong.ovx words --stream --against tones.ovx").stdout;
    assert.match(wrong, /\nwords found +0\.00 % +100\.00 %\nmisses +6 +0\nfalse alarms +6 +0\n/);
  });

  test("folders that the model has no label for are an error, unless they are to be left out", () => {
    const { status, stdout, stderr } = run("evaluate tones.ovx noises");
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(
      stderr,
      /^octavox: noises: labels that the model does not know: .*found _background_noise_\. --ignore/,
    );
    const ignoring = run("evaluate tones.ovx noises --ignore-unknown --json");
    assert.equal(JSON.parse(ignoring.stdout).items, 1);
    assert.equal(ignoring.stderr, "octavox: left out: _background_noise_\n");
  });

  test("a model that says nothing about itself is described by a file", () => {
    const { status, stderr } = run("evaluate silent.ovx words");
    assert.equal(status, 1);
    assert.match(stderr, /^octavox: silent\.ovx: the model is not a keyword model: .*`--keywords FILE`/);
    assert.equal(JSON.parse(run("evaluate silent.ovx words --keywords tones.json --json").stdout).value, 75);
    assert.match(
      run("evaluate silent.ovx words --keywords words/README.md").stderr,
      /not a description of a keyw/,
    );
  });
});

/** low at 1.3 s, high at 3.1 s, low at 4.9 s. */
const stream = joined([
  ...[silence(1.3), tone("low", 0.8), silence(1), tone("high", 0.8)],
  ...[silence(1), tone("low", 0.8), silence(0.1)],
]);
const found =
  /^ +\d\.\d\d s {2}low {2}0\.\d\d\n +\d\.\d\d s {2}high {2}0\.\d\d\n +\d\.\d\d s {2}low {2}0\.\d\d\n$/;

describe("spotting", () => {
  const wav = floatWav(Array.from(stream));
  const raw = new Uint8Array(Int16Array.from(stream, (x) => Math.round(32_767 * x)).buffer);
  const words = (stdout: string) =>
    stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  test("words of a file are printed as they are found, with time and score", () => {
    writeFileSync(join(work, "stream.wav"), wav);
    const { status, stdout, stderr } = run("spot tones.ovx stream.wav");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, found);
  });

  test("JSON has a line for each word, and only those asked for", () => {
    const { stdout } = run("spot tones.ovx stream.wav --json --labels high");
    const [{ label, score, time }, ...others] = words(stdout);
    assert.deepEqual([label, others], ["high", []]);
    assert.ok(score >= 0.7 && score <= 1 && time > 3.1 && time < 4.5);
  });

  test("standard input is a WAV file or samples without a header, with the same words", () => {
    const file = run("spot tones.ovx stream.wav --json").stdout;
    assert.equal(run("spot tones.ovx - --json", { input: wav }).stdout, file);
    const labels = words(run("spot tones.ovx - --json", { input: raw }).stdout).map(({ label }) => label);
    assert.deepEqual(labels, ["low", "high", "low"]);
    assert.deepEqual(run("spot tones.ovx -", { input: new Uint8Array(0) }), {
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  test("words are printed while the stream goes on", async () => {
    const child = spawn(process.execPath, [command, "spot", "tones.ovx", "-"], { cwd: work });
    child.stdin.write(raw.subarray(0, 2 * 16_000 * 3));
    const [first] = await once(child.stdout, "data");
    assert.match(`${first}`, /low/);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [130, null]);
  });

  test("a stream at another rate is an error; a file is resampled", () => {
    const slow = floatWav(Array.from(stream));
    new DataView(slow.buffer).setUint32(24, 8000, true);
    writeFileSync(join(work, "slow.wav"), slow);
    assert.equal(run("spot tones.ovx slow.wav").status, 0);
    const { status, stderr } = run("spot tones.ovx -", { input: slow });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^octavox: -: sampling rate of a stream: expected 16000 Hz, the model's, found 8000 Hz/,
    );
  });

  test("settings that cannot be are wrong use", () => {
    const cases: readonly [string, RegExp][] = [
      ["--threshold much", /'much' is invalid\. It must be a number/],
      ["--threshold 2", /^octavox: threshold: expected a number from 0 to 1, found 2/],
      ["--labels low,medium", /^octavox: labels to look for: expected some of .*found medium/],
      ["--smoothing 0", /It must be a whole number, 1 or more/],
    ];
    for (const [option, message] of cases) {
      const { status, stderr } = run(`spot tones.ovx stream.wav ${option}`);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
  });
});

describe("listening", { skip: process.platform === "win32" && "recorders are shell scripts here" }, () => {
  const node = `${process.execPath.replace(/[^/]*$/, "")}:/usr/bin:/bin`;
  /** A folder with a recorder that is a shell script. */
  const recorder = (name: string, script: string): string => {
    const folder = mkdtempSync(join(work, "bin-"));
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return folder;
  };
  before(() => {
    writeFileSync(
      join(work, "stream.raw"),
      Int16Array.from(stream, (x) => Math.round(32_767 * x)),
    );
  });

  for (const name of ["arecord", "rec", "sox", "parec"])
    test(`the microphone is heard through ${name}, as 16-bit samples at the model's rate`, () => {
      const folder = recorder(name, `echo "$@" > args; cat stream.raw`);
      const { status, stdout } = run(`listen tones.ovx --recorder ${name}`, { path: `${folder}:${node}` });
      assert.equal(status, 0);
      assert.match(stdout, found);
      assert.match(readFileSync(join(work, "args"), "utf8"), /16000/);
    });

  test("an interrupt ends it neatly", async () => {
    const path = `${recorder("arecord", "cat stream.raw; exec sleep 30")}:${node}`;
    const child = spawn(process.execPath, [command, "listen", "tones.ovx", "--recorder", "arecord"], {
      ...{ cwd: work, env: { ...process.env, PATH: path } },
    });
    const said: string[] = [];
    child.stdout.on("data", (part) => said.push(`${part}`));
    child.stderr.on("data", (part) => said.push(`${part}`));
    while (!/low[\s\S]*low/.test(said.join(""))) await once(child.stdout, "data");
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.match(said.join(""), found);
  });

  test("a recorder that fails, and none at all, are errors that say what to do", () => {
    const path = `${recorder("parec", "echo no such device >&2; exit 1")}:${node}`;
    const failing = run("listen tones.ovx --recorder parec", { path });
    assert.equal(failing.status, 1);
    assert.match(
      failing.stderr,
      /^octavox: parec cannot record: found no such device\. Is there a microphone\?/,
    );
    const none = run("listen tones.ovx", { path: mkdtempSync(join(work, "bin-")) });
    assert.equal(none.status, 1);
    assert.match(
      none.stderr,
      /^octavox: no program to record with: expected arecord, rec, sox, parec on the PATH/,
    );
  });
});
