import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { ascii, int16, join, type WavOptions, wavFile } from "./test-files.ts";
import { decodeWav } from "./wav.ts";

/** How each encoding writes full-scale fractions, and the largest error of doing so. */
const ENCODINGS: { name: string; tag: number; bits: number; step: number; write: Write }[] = [
  { name: "8-bit", tag: 1, bits: 8, step: 1 / 128, write: (v, at, x) => v.setUint8(at, clamp(x, 128) + 128) },
  {
    name: "16-bit",
    tag: 1,
    bits: 16,
    step: 2 ** -15,
    write: (v, at, x, le) => v.setInt16(at, clamp(x, 2 ** 15), le),
  },
  { name: "24-bit", tag: 1, bits: 24, step: 2 ** -23, write: writeInt24 },
  {
    name: "32-bit",
    tag: 1,
    bits: 32,
    step: 2 ** -23,
    write: (v, at, x, le) => v.setInt32(at, clamp(x, 2 ** 31), le),
  },
  { name: "float 32", tag: 3, bits: 32, step: 2 ** -23, write: (v, at, x, le) => v.setFloat32(at, x, le) },
  { name: "float 64", tag: 3, bits: 64, step: 2 ** -23, write: (v, at, x, le) => v.setFloat64(at, x, le) },
];
type Write = (view: DataView, at: number, x: number, little: boolean) => void;

function clamp(x: number, scale: number): number {
  return Math.min(scale - 1, Math.round(x * scale));
}

function writeInt24(view: DataView, at: number, x: number, little: boolean): void {
  const value = clamp(x, 2 ** 23);
  for (let i = 0; i < 3; i++) view.setUint8(at + i, (value >> (8 * (little ? i : 2 - i))) & 255);
}

function rejects(bytes: Uint8Array, code: string, message: RegExp): void {
  assert.throws(
    () => decodeWav(bytes, { file: "a.wav" }),
    (error) => {
      assert.ok(error instanceof OctavoxError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    },
  );
}

const decode = (options: WavOptions) => [...decodeWav(wavFile(options)).samples];
const HALVES = { data: int16([16_384, -16_384]) };

for (const { name, tag, bits, step, write } of ENCODINGS)
  test(`${name} samples come back as they were written, channels averaged`, () => {
    const blocks = fc.array(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    );
    const settings = fc.record({
      channels: fc.integer({ min: 1, max: 3 }),
      sampleRate: fc.integer({ min: 1000, max: 384_000 }),
      container: fc.constantFrom("RIFF", "RIFX", "RF64"),
      extensible: fc.boolean(),
    });
    const property = fc.property(
      blocks,
      settings,
      (sound, { channels, sampleRate, container, extensible }) => {
        const width = bits / 8;
        const view = new DataView(new ArrayBuffer(sound.length * channels * width));
        const write1 = (x: number, i: number) => write(view, i * width, x, container !== "RIFX");
        sound.flatMap((block) => block.slice(0, channels)).forEach(write1);
        const data = new Uint8Array(view.buffer);
        const clip = decodeWav(wavFile({ tag, bits, channels, sampleRate, container, extensible, data }));
        assert.equal(clip.sampleRate, sampleRate);
        assert.equal(clip.samples.length, sound.length);
        sound.forEach((block, i) => {
          const mean = block.slice(0, channels).reduce((sum, x) => sum + x, 0) / channels;
          assert.ok(Math.abs(clip.samples[i] - mean) <= step);
        });
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

test("A-law and µ-law follow the tables of G.711", () => {
  const byte = (tag: number, code: number) => decode({ tag, bits: 8, data: Uint8Array.of(code) })[0];
  // Smallest and largest magnitudes, and one in the middle, as 16-bit values.
  assert.deepEqual(
    [0xd5, 0x55, 0xaa, 0x2a, 0x80].map((code) => byte(6, code) * 32_768),
    [8, -8, 32_256, -32_256, 5504],
  );
  assert.deepEqual(
    [0xff, 0x7f, 0x80, 0x00, 0xdb].map((code) => byte(7, code) * 32_768),
    [0, 0, 32_124, -32_124, 524],
  );
});

test("other chunks before and after the sound are passed over, padded to even offsets", () => {
  const chunks: [string, Uint8Array][] = [
    ["LIST", ascii("INFO odd size")],
    ["junk", new Uint8Array(0)],
  ];
  assert.deepEqual(decode({ ...HALVES, before: chunks, after: chunks }), [0.5, -0.5]);
});

test("a streamed size means to the end of the file", () => {
  for (const size of [0, 0xffff_ffff, 0x7fff_f000])
    assert.deepEqual(decode({ ...HALVES, dataSize: size, riffSize: size }), [0.5, -0.5]);
});

test("no samples are an empty clip", () => {
  assert.deepEqual(decode({}), []);
  assert.deepEqual(decode({ after: [["LIST", ascii("INFO")]] }), []);
});

test("an incomplete last sample is dropped", () => {
  assert.deepEqual(decode({ data: join(HALVES.data, Uint8Array.of(1)) }), [0.5, -0.5]);
});

test("sound that is cut off is an error with both sizes and the offset", () => {
  const file = wavFile({ data: new Uint8Array(1000) });
  rejects(
    file.subarray(0, 544),
    "format",
    /a\.wav: the "data" chunk is cut off \(byte 40\): expected 1000 bytes, found 500/,
  );
  rejects(wavFile({ ...HALVES, dataSize: 0xffff_fff0 }), "format", /expected 4294967280 bytes, found 4/);
});

test("headers that contradict themselves are errors that say how", () => {
  rejects(wavFile({ ...HALVES, channels: 0 }), "format", /channels \(byte 22\): expected 1 or more, found 0/);
  rejects(wavFile({ ...HALVES, sampleRate: 0 }), "format", /sampling rate \(byte 24\).*found 0/);
  rejects(
    wavFile({ ...HALVES, blockAlign: 6 }),
    "format",
    /block align \(byte 32\): expected 2 bytes \(1 × 2\), found 6/,
  );
  rejects(wavFile({ ...HALVES, bits: 13, blockAlign: 2 }), "unsupported", /integer PCM of 13 bits/);
  rejects(wavFile({ ...HALVES, tag: 85 }), "unsupported", /found MP3 of 16 bits.*ffmpeg/);
});

test("missing and cut off headers are errors", () => {
  const file = wavFile(HALVES);
  rejects(ascii("RIFF....WAVE"), "format", /no format and no sound/);
  rejects(file.subarray(0, 36), "format", /no sound \(byte 36\)/);
  rejects(file.subarray(0, 30), "format", /the "fmt" chunk is cut off/);
  rejects(join(file.subarray(0, 12), file.subarray(36)), "format", /sound before its format/);
});

test("NaN and infinite samples are errors that name the sample and the second", () => {
  const bytes = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const options = { tag: 3, bits: 32, sampleRate: 8000 };
  const late = [...new Array<number>(4000).fill(0), Number.NaN];
  rejects(
    wavFile({ ...options, data: bytes(late) }),
    "format",
    /sample 4000, at 0\.500 s: expected a finite number, found NaN/,
  );
  rejects(wavFile({ ...options, data: bytes([0, -Infinity]) }), "format", /sample 1, .*found -Infinity/);
  const huge = new Uint8Array(Float64Array.of(1e300).buffer);
  rejects(wavFile({ tag: 3, bits: 64, data: huge }), "format", /sample 0, .*found Infinity/);
});

test("whatever bytes a damaged header holds, the answer is a clip or an OctavoxError, at once", () => {
  const file = wavFile({ ...HALVES, before: [["LIST", ascii("INFO")]], extensible: true });
  const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  const started = performance.now();
  const property = fc.property(damage, fc.nat(file.length), (changes, length) => {
    const damaged = file.slice(0, Math.max(length, 12));
    for (const [at, value] of changes) if (at >= 12 && at < damaged.length) damaged[at] = value;
    try {
      assert.ok(decodeWav(damaged).samples.length <= file.length);
    } catch (error) {
      assert.ok(error instanceof OctavoxError, `${error}`);
    }
  });
  fc.assert(property, { numRuns: 500 });
  assert.ok(performance.now() - started < 5000);
});
