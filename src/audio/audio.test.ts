import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { decodeAudio, toMono16k } from "./audio.ts";
import { checkSamples } from "./check.ts";
import { ascii, flacFile, int16, wavFile } from "./test-files.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");

const isError = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof OctavoxError, `${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test("a WAV and a FLAC of one sound are equal to the bit, whatever the file is called", async () => {
  const sound = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 65_536) - 32_768);
  const wav = await decodeAudio(wavFile({ data: int16(sound) }), { file: "a.flac" });
  assert.deepEqual(wav, await decodeAudio(flacFile([sound]), { file: "a.wav" }));
});

test("bytes inside a larger buffer are read in place", async () => {
  const file = wavFile({ data: int16([1, 2, 3]) });
  const shifted = new Uint8Array(file.length + 7);
  shifted.set(file, 3);
  assert.deepEqual(await decodeAudio(shifted.subarray(3, 3 + file.length)), await decodeAudio(file));
});

test("other sound formats are named, with a way out", async () => {
  const others: [string, RegExp][] = [
    ["OggS....", /found Ogg.*ffmpeg/],
    ["ID3.....", /found MP3/],
    ["\xff\xfb......", /found MP3/],
    ["....ftypM4A ", /found MP4/],
    ["FORM....AIFF", /found AIFF/],
  ];
  for (const [bytes, message] of others)
    await assert.rejects(decodeAudio(ascii(bytes), { file: "x" }), isError("unsupported", message));
});

test("what is not audio is an error that says what is accepted", async () => {
  await assert.rejects(
    decodeAudio(new Uint8Array(0)),
    isError("format", /expected a WAV or FLAC file, found an empty file/),
  );
  await assert.rejects(
    decodeAudio(ascii("<html>")),
    isError("format", /found 6 bytes that start with 3c 68 74 6d/),
  );
  await assert.rejects(decodeAudio(ascii("RIFF....AVI ")), isError("format", /WAV or FLAC/));
  await assert.rejects(decodeAudio("a.wav" as unknown as Uint8Array), isError("argument", /Uint8Array/));
});

test("random bytes behind a right beginning never end otherwise than in a clip or an OctavoxError", async () => {
  const starts = [
    "RIFF\xff\xff\xff\x7fWAVE",
    "RIFF....WAVEfmt ",
    "RF64....WAVEds64",
    "RIFX....WAVEdata",
    "fLaC",
    "fLaC\x80\0\0\x22",
    "",
  ];
  const property = fc.asyncProperty(
    fc.constantFrom(...starts),
    fc.uint8Array({ maxLength: 300 }),
    async (start, rest) => {
      try {
        const { samples } = await decodeAudio(new Uint8Array([...ascii(start), ...rest]));
        assert.ok(samples.length <= 300);
      } catch (error) {
        assert.ok(error instanceof OctavoxError, `${error}`);
      }
    },
  );
  const started = performance.now();
  await fc.assert(property, { numRuns: 400 });
  assert.ok(performance.now() - started < 5000);
});

test("a clip comes out at 16 kHz, and one with NaN in it not at all", () => {
  assert.equal(toMono16k({ samples: new Float32Array(44_100), sampleRate: 44_100 }).length, 16_000);
  const samples = new Float32Array(100).fill(Number.NaN, 80);
  assert.throws(
    () => toMono16k({ samples, sampleRate: 8000 }),
    isError("argument", /sample 80, at 0\.010 s/),
  );
  assert.throws(
    () => toMono16k({ samples: new Float32Array(9), sampleRate: 12 }),
    isError("argument", /sampling rate/),
  );
});

test("samples that are no Float32Array are refused by what they are", () => {
  for (const [value, name] of [
    [[0.5], "Array"],
    [new Float64Array(2), "Float64Array"],
    [undefined, "undefined"],
  ] as const)
    assert.throws(
      () => checkSamples(value as unknown as Float32Array),
      isError("argument", new RegExp(`found ${name}`)),
    );
  checkSamples(Float32Array.of(1e38, -2, 0));
  assert.throws(
    () => checkSamples(Float32Array.of(0, Infinity), { code: "format", file: "a" }),
    isError("format", /a: sample 1/),
  );
});

test("every sample sentence is speech of 3 to 8 seconds with its words in refs.tsv", async () => {
  const references = readFileSync(join(SAMPLES, "refs.tsv"), "utf8").trim().split("\n");
  const files = readdirSync(SAMPLES).filter((name) => name.endsWith(".wav"));
  assert.equal(files.length, references.length);
  for (const line of references) {
    const [id, text] = line.split("\t");
    assert.match(text, /^[a-z ]+$/);
    assert.ok(existsSync(join(SAMPLES, `${id}.wav`)));
    const clip = await decodeAudio(readFileSync(join(SAMPLES, `${id}.wav`)));
    const seconds = toMono16k(clip).length / 16_000;
    assert.ok(seconds > 3 && seconds < 8, `${id}: ${seconds} s`);
  }
});
