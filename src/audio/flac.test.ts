import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { decodeAudio } from "./audio.ts";
import { decodeFlac } from "./flac.ts";
import { type FlacOptions, flacFile } from "./test-files.ts";

const DATA = join(import.meta.dirname, "../../../shared/data");
const FOLDERS = ["librispeech_test_other_dev", "librispeech_calib", "pico_wakeword/alexa"].map((name) =>
  join(DATA, name),
);
const skip = FOLDERS.every((folder) => existsSync(folder)) ? false : "the recordings are not here";

/** A smooth sound of `length` samples, `bits` deep, that ends in the extremes of its range. */
function sound(length: number, bits: number, phase = 0): number[] {
  const top = 2 ** (bits - 1);
  const wave = Array.from({ length }, (_, i) => Math.round(0.9 * top * Math.sin(i / 20 + phase)));
  return [...wave, -top, top - 1];
}

function mean(channels: number[][], bits: number): Float32Array {
  const scale = 2 ** (bits - 1) * channels.length;
  return Float32Array.from(
    channels[0],
    (_, i) => channels.reduce((sum, channel) => sum + channel[i], 0) / scale,
  );
}

async function rejects(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(decodeFlac(bytes, { file: "a.flac" }), (error) => {
    assert.ok(error instanceof OctavoxError, `${error}`);
    assert.equal(error.code, "format");
    assert.match(error.message, message);
    return true;
  });
}

for (const subframe of ["verbatim", "fixed", "linear"] as const)
  for (const bits of [8, 12, 16, ...(subframe === "verbatim" ? [20, 24] : [])]) // elsewhere residuals would be long
    test(`${subframe} subframes of ${bits} bits decode to what was written`, async () => {
      const samples = sound(500, bits);
      const clip = await decodeAudio(flacFile([samples], { subframe, bits, sampleRate: 22_050 }));
      assert.equal(clip.sampleRate, 22_050);
      assert.deepEqual(clip.samples, mean([samples], bits));
    });

test("32 bits decode to the nearest float32", async () => {
  const channels = [sound(100, 32), sound(100, 32, 1)];
  for (const assignment of [1, 8, 9, 10]) {
    const { samples } = await decodeFlac(flacFile(channels, { bits: 32, assignment }));
    assert.deepEqual(samples, mean(channels, 32));
  }
});

test("every way of storing stereo, and up to 8 channels, come out averaged", async () => {
  const channels = Array.from({ length: 8 }, (_, channel) => sound(300, 16, channel));
  for (const assignment of [1, 8, 9, 10]) {
    const pair = channels.slice(0, 2);
    assert.deepEqual(
      (await decodeFlac(flacFile(pair, { assignment, subframe: "fixed" }))).samples,
      mean(pair, 16),
    );
  }
  for (const count of [3, 8]) {
    const some = channels.slice(0, count);
    assert.deepEqual((await decodeFlac(flacFile(some))).samples, mean(some, 16));
  }
});

test("constant blocks, wasted bits, metadata and an unknown total are understood", async () => {
  const constant = new Array<number>(400).fill(-12);
  const variants: FlacOptions[] = [
    { subframe: "constant" },
    { wasted: 2 },
    { wasted: 1, subframe: "linear" },
  ];
  for (const variant of [...variants, { padding: 77 }, { total: 0 }])
    assert.deepEqual((await decodeFlac(flacFile([constant], variant))).samples, mean([constant], 16));
  assert.equal((await decodeFlac(flacFile([[]]))).samples.length, 0);
});

test("a title appended as ID3v1 is passed over", async () => {
  const file = flacFile([sound(500, 16)]);
  const tagged = new Uint8Array(file.length + 128);
  tagged.set(file);
  tagged.set([0x54, 0x41, 0x47], file.length);
  assert.deepEqual((await decodeFlac(tagged)).samples, (await decodeFlac(file)).samples);
});

test("any changed byte, any cut and any missing frame are noticed", async () => {
  const file = flacFile([sound(800, 16)], { subframe: "fixed", blockSize: 200 });
  const property = fc.asyncProperty(
    fc.integer({ min: 42, max: file.length - 1 }),
    fc.integer({ min: 1, max: 255 }),
    async (at, change) => {
      const changed = file.slice();
      changed[at] ^= change;
      await rejects(changed, /FLAC frame|sound is incomplete/);
      await rejects(file.subarray(0, at), /FLAC frame|sound is incomplete/);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

test("a changed byte is noticed without a total too, and its frame is named", async () => {
  const file = flacFile([sound(800, 16)], { total: 0 });
  const frame = 42 + 5 + 4; // past the header of the first frame
  file[frame + 30] ^= 1;
  await rejects(file, /a\.flac: a FLAC frame is damaged or cut off \(byte 42\)/);
});

test("headers that are cut off, of another type or out of range are errors", async () => {
  const file = flacFile([sound(500, 16)]);
  await rejects(file.subarray(0, 20), /the FLAC header is cut off.*42 bytes or more, found 20/);
  await rejects(
    flacFile([sound(500, 16)], { padding: 4000 }).subarray(0, 600),
    /header is cut off \(byte 42\)/,
  );
  await rejects(file.with(4, 0x84), /expected a STREAMINFO block/);
  await rejects(flacFile([sound(500, 16)], { sampleRate: 0 }), /sampling rate \(byte 18\)/);
  await rejects(
    flacFile([sound(500, 16)], { total: 2 ** 35 }),
    /sound is incomplete.*expected 34359738368 samples, found 502/,
  );
});

test("a few bytes that claim gigabytes are refused before anything is allocated", async () => {
  const silence = new Array<number>(2_000_000).fill(0);
  await rejects(
    flacFile([silence], { subframe: "constant", blockSize: 60_000 }),
    /block sizes .*expected 512 samples a byte/,
  );
});

test("frames with right checksums and senseless content are errors", async () => {
  const flat = new Array<number>(100).fill(1);
  const contradiction = flacFile([flat], { bits: 16 });
  contradiction[20] |= 2; // two channels, says STREAMINFO
  await rejects(contradiction, /contradicts the header.*expected 2 × 16 bits, found 1 × 16/);
  await rejects(
    flacFile([flat], { type: 5 }),
    /a FLAC frame \(byte 42\): expected audio, found subframe type 5/,
  );
  await rejects(flacFile([flat], { type: 63 }), /expected audio, found/);
  await rejects(flacFile([flat], { bits: 8, wasted: 8 }), /found no bits to a sample/);
  await rejects(flacFile([[-32_768], [-98_303]], { assignment: 8 }), /found a sample beyond full scale/);
});

test("noise after a good beginning is an error within a second, however long it is", async () => {
  const file = new Uint8Array(20_000_000);
  file.set(flacFile([sound(2000, 16)], { total: 0 }));
  for (const fill of [0, 0xff]) {
    const started = performance.now();
    await rejects(file.fill(fill, 5000), /FLAC frame/);
    assert.ok(performance.now() - started < 1000);
  }
});

test("an abort is obeyed", async () => {
  const file = flacFile([sound(10, 16)]);
  await assert.rejects(decodeAudio(file, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

test("recordings decode to the samples whose MD5 their encoder noted", { skip }, async () => {
  for (const folder of FOLDERS)
    for (const name of readdirSync(folder)
      .filter((name) => name.endsWith(".flac"))
      .slice(0, 20)) {
      const bytes = readFileSync(join(folder, name));
      const { samples } = await decodeFlac(bytes, { file: name });
      const integers = Int16Array.from(samples, (x) => x * 32_768);
      const noted = bytes.subarray(26, 42).toString("hex");
      assert.equal(createHash("md5").update(new Uint8Array(integers.buffer)).digest("hex"), noted, name);
    }
});
