// The command line as a user meets it: what it prints where, and with which status it leaves.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { modelPath } from "../src/host/index.ts";
import { floatWav } from "./wav.ts";

const root = join(import.meta.dirname, "..");
const command = join(root, "bin/octavox.js");
const MODEL = "moonshine-tiny";
const noModel =
  !existsSync(modelPath(MODEL)) && `${MODEL} is not in the cache; \`octavox models pull ${MODEL}\` gets it`;

let work: string;

before(() => {
  work = mkdtempSync(join(tmpdir(), "octavox-cli-"));
  const clips: Record<string, readonly number[]> = {
    zero: [],
    silent: new Array(16_000).fill(0),
    nan: [...new Array(1000).fill(0.1), Number.NaN],
  };
  for (const [name, samples] of Object.entries(clips))
    writeFileSync(join(work, `${name}.wav`), floatWav(samples));
  writeFileSync(join(work, "empty.wav"), "");
  writeFileSync(join(work, "text.wav"), "hello, this is a letter");
  writeFileSync(join(work, "short.wav"), readFileSync(join(root, "samples/ship.wav")).subarray(0, 2000));
  mkdirSync(join(work, "folder"));
});

after(() => rmSync(work, { recursive: true, force: true }));

function run(args: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: work,
    encoding: "utf8",
    input,
  });
  return { status, stdout, stderr };
}

describe("wrong use leaves with status 2 and says what is right", () => {
  const cases: readonly [args: string, message: RegExp][] = [
    ["", /Usage: octavox/],
    ["transcrib x.wav", /^octavox: unknown command 'transcrib'\n\(Did you mean transcribe\?\)/],
    ["transcribe", /^octavox: missing required argument 'files'/],
    [
      "transcribe a.wav --format doc",
      /^octavox: .*'doc' is invalid\. Allowed choices are text, json, srt, vtt/,
    ],
    ["transcribe a.wav --threads 0", /^octavox: .*'0' is invalid\. It must be a whole number from 1 to 64/],
    ["transcribe a.wav --threads -1", /^octavox: .*'-1' is invalid/],
    ["transcribe a.wav --kernels turbo", /^octavox: .*Allowed choices are reference, simd, relaxed, wide/],
    ["transcribe a.wav --fast", /^octavox: unknown option '--fast'/],
    ["models pull", /^octavox: missing required argument 'names'/],
    [`evaluate ${MODEL}`, /^octavox: missing required argument 'folder'/],
  ];
  for (const [args, message] of cases)
    test(`octavox ${args}`, () => {
      const { status, stdout, stderr } = run(args.split(" ").filter(Boolean));
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
    });
});

describe("what cannot be done leaves with status 1 and one line", () => {
  const cases: readonly [args: string, message: RegExp, needsModel?: boolean][] = [
    ["inspect none.onnx", /^octavox: no model "none.onnx": expected a file, or one of: .*moonshine-tiny/],
    ["inspect text.wav", /^octavox: text\.wav: not an ONNX model/],
    ["inspect empty.wav", /^octavox: empty\.wav: not an ONNX model: .*found an empty file/],
    ["inspect folder", /^octavox: folder: not a file: found a folder/],
    ["transcribe zero.wav --model text.wav", /^octavox: text\.wav: not a packed octavox model/],
    ["models path whisper", /^octavox: no model "whisper"/],
    [
      `evaluate ${MODEL} folder`,
      /^octavox: folder: nothing to evaluate: expected refs\.tsv, or folders of rec/,
    ],
    [`evaluate ${MODEL} nowhere`, /^octavox: nowhere: cannot be read: found no such file/],
    ["transcribe none.wav", /^octavox: none\.wav: cannot be read: found no such file/, true],
    ["transcribe empty.wav", /^octavox: empty\.wav: not an audio file.*found an empty file/, true],
    ["transcribe text.wav", /^octavox: text\.wav: not an audio file.*Convert it/, true],
    ["transcribe folder", /^octavox: folder: not a file/, true],
    [
      "transcribe short.wav",
      /^octavox: short\.wav: the "data" chunk is cut off.*expected 97920 bytes, found 1956/,
      true,
    ],
    [
      "transcribe nan.wav",
      /^octavox: nan\.wav: sample 1000, at 0\.063 s: expected a finite number, found NaN/,
      true,
    ],
  ];
  for (const [args, message, needsModel] of cases)
    test(`octavox ${args}`, { skip: needsModel && noModel }, () => {
      const { status, stdout, stderr } = run(args.split(" "));
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    });

  test("--debug says where it comes from, wherever it stands", () => {
    for (const args of [
      ["--debug", "inspect", "none.onnx"],
      ["inspect", "none.onnx", "--debug"],
    ])
      assert.match(run(args).stderr, /^octavox: OctavoxError: no model[^\n]*\n {4}at /);
  });
});

test("help has examples, for every verb", () => {
  const { status, stdout } = run(["--help"]);
  assert.equal(status, 0);
  const verbs = Array.from(stdout.matchAll(/^ {2}(\w+)(?:\|\w+)? \[options\]/gm), ([, verb]) => verb);
  assert.deepEqual(verbs, [
    "transcribe",
    "spot",
    "listen",
    "realtime",
    "evaluate",
    "inspect",
    "convert",
    "models",
    "plot",
    "quantize",
  ]);
  for (const verb of verbs) assert.match(run([verb, "--help"]).stdout, /Examples:\n {2}octavox /);
});

test("a model is described for people and for programs", () => {
  const path = join(work, "tiny.ovx");
  const code = `import { writeOvx } from ${JSON.stringify(join(root, "src/model/ovx.ts"))};
    import { smallModel } from ${JSON.stringify(join(root, "src/runtime/testing.ts"))};
    import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(path)}, writeOvx(smallModel()));`;
  spawnSync(process.execPath, ["--input-type=module", "-e", code]);
  const record = JSON.parse(run(["inspect", path, "--json"]).stdout);
  assert.deepEqual(
    record.graphs.map(({ name }: { name: string }) => name),
    ["encoder", "step"],
  );
  assert.equal(record.graphs[0].operators.MatMulIntegerToFloat, 8);
  assert.ok(record.constants.int8.bytes > 0);
  assert.match(run(["inspect", path]).stdout, /\nencoder {2}\d+ nodes\n {2}in {3}samples/);
});

describe("transcribing", { skip: noModel }, () => {
  const ship = join(root, "samples/ship.wav");
  const said = "The captain of the ship waited until the storm was over.";

  test("the text alone goes to standard output", () => {
    assert.deepEqual(run(["transcribe", ship]), { status: 0, stdout: `${said}\n`, stderr: "" });
  });

  test("standard input is a file too", () => {
    assert.equal(run(["transcribe", "-"], readFileSync(ship)).stdout, `${said}\n`);
  });

  test("silence and nothing at all give empty text", () => {
    for (const file of ["zero.wav", "silent.wav"])
      assert.deepEqual(run(["transcribe", file]), { status: 0, stdout: "\n", stderr: "" });
  });

  test("JSON has an object for each file, and one bad file does not keep the others back", () => {
    const { status, stdout, stderr } = run(["transcribe", ship, "none.wav", "zero.wav", "--format", "json"]);
    assert.equal(status, 1);
    assert.match(stderr, /^octavox: none\.wav: [^\n]*\n$/);
    const records = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      records.map(({ file, text }) => [file, text]),
      [
        [ship, said],
        ["zero.wav", ""],
      ],
    );
    assert.deepEqual(Object.keys(records[0]), [
      "file",
      "text",
      "segments",
      "audioSeconds",
      "processingSeconds",
      "rtf",
      "kernels",
      "threads",
    ]);
    assert.ok(records[0].rtf > 0 && records[0].rtf < 1);
  });

  test("two threads hear the same; kernels that have one say so", () => {
    const { stdout, stderr } = run(["transcribe", ship, "--format", "json", "--threads", "2"]);
    const { text, threads } = JSON.parse(stdout);
    assert.deepEqual([text, threads, stderr], [said, 2, ""]);
    const one = run(["transcribe", "zero.wav", "--threads", "2", "--kernels", "reference"]);
    assert.equal(one.stderr, "octavox: reference kernels run on one thread, not 2\n");
  });

  test("kernels can be chosen by option and by environment", () => {
    const { stdout } = run(["transcribe", "zero.wav", "--format", "json", "--kernels", "simd"]);
    assert.equal(JSON.parse(stdout).kernels, "simd");
    const environment = { ...process.env, OCTAVOX_KERNELS: "simd" };
    const forced = spawnSync(process.execPath, [command, "transcribe", "zero.wav", "--format", "json"], {
      ...{ cwd: work, encoding: "utf8" as const, env: environment },
    });
    assert.equal(JSON.parse(forced.stdout).kernels, "simd");
  });

  test("an interrupt ends it at once", async () => {
    const long = join(work, "long.wav");
    writeFileSync(long, floatWav(Array.from({ length: 16_000 * 300 }, (_, i) => Math.sin(i * i * 1e-7) / 3)));
    const child = spawn(process.execPath, [command, "transcribe", long], { stdio: "ignore" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(status, 130);
  });

  test("word errors are counted over a folder", () => {
    const record = JSON.parse(
      run(["evaluate", MODEL, join(root, "samples"), "--json", "--limit", "3"]).stdout,
    );
    const { value, words, items, metric, dataset, rtf } = record;
    assert.deepEqual(
      { value, items, metric, dataset, words },
      { value: 0, items: 3, metric: "wer", dataset: "samples", words: 32 },
    );
    assert.ok(rtf > 0);
  });
});

test("a figure is drawn with as many panels as numbers of bits", () => {
  const path = join(work, "sine.svg");
  assert.deepEqual(run(["plot", "sine", "--bits", "2,4,8", "-o", path]), {
    status: 0,
    stdout: `${path}\n`,
    stderr: "",
  });
  const svg = readFileSync(path, "utf8");
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.deepEqual(
    Array.from(svg.matchAll(/>(\d+) bits: (\d+) values/g), ([, ...found]) => found.map(Number)),
    [
      [2, 4],
      [4, 16],
      [8, 256],
    ],
  );
  const wrong = run(["plot", "sine", "--bits", "1,4", "-o", path]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /whole numbers from 2 to 16/);
});

test("features are drawn below the waveform, in the colours of their levels", () => {
  const path = join(work, "features.svg");
  const ship = join(root, "samples/ship.wav");
  for (const [preset, title] of [
    ["whisper-logmel", /whisper-logmel: \d+ frames of 80 bands/],
    ["tf-mfcc", /tf-mfcc: \d+ frames of 10 coefficients/],
  ] as const) {
    const { status, stdout, stderr } = run(["plot", "features", ship, "--preset", preset, "-o", path]);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${path}\n`, stderr: "" });
    const svg = readFileSync(path, "utf8");
    assert.match(svg, />ship\.wav</);
    assert.match(svg, title);
    assert.ok(new Set(svg.match(/fill="(?:rgb|#)[^"]*"/g)).size > 8);
  }
  const wrong = run(["plot", "features", ship, "--preset", "mfcc", "-o", path]);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /Allowed choices are tf-mfcc, moonshine-logmel, kaldi-fbank, whisper-logmel/);
  const short = run(["plot", "features", "zero.wav", "-o", path]);
  assert.equal(short.status, 2);
  assert.match(short.stderr, /^octavox: zero\.wav: the clip is empty/);
});
