import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../kernels/testing.ts";
import { PcmStream, type PcmStreamOptions } from "./pcm-stream.ts";
import { flacFile, wavFile } from "./test-files.ts";
import { decodeWav } from "./wav.ts";

const random = createRandom(3);
const sound = Uint8Array.from({ length: 2400 }, () => Math.floor(random() * 256));

/** What comes out when the bytes arrive in pieces of 1 to `longest`. */
function heard(bytes: Uint8Array, longest: number, options: Partial<PcmStreamOptions> = {}) {
  const stream = new PcmStream({ sampleRate: 16_000, ...options });
  const samples: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * longest);
    samples.push(...stream.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return { samples: Float32Array.from(samples), sampleRate: stream.sampleRate };
}

const cases = {
  "16 bits": wavFile({ data: sound }),
  "24 bits, stereo, 44.1 kHz": wavFile({ bits: 24, channels: 2, sampleRate: 44_100, data: sound }),
  "extensible, with chunks around the sound": wavFile({
    ...{ extensible: true, data: sound },
    before: [["LIST", new Uint8Array(301)]],
    after: [["cue ", new Uint8Array(50).fill(1)]],
  }),
  "big-endian": wavFile({ container: "RIFX", data: sound }),
  RF64: wavFile({ container: "RF64", data: sound }),
  "µ-law": wavFile({ tag: 7, bits: 8, data: sound }),
  "no size known yet": wavFile({ data: sound, dataSize: 0xffff_ffff }),
};

for (const [name, bytes] of Object.entries(cases))
  test(`a WAV file that arrives in pieces gives the samples of the whole: ${name}`, () => {
    for (const longest of [1, 7, 100, 5000]) assert.deepEqual(heard(bytes, longest), decodeWav(bytes));
  });

test("samples without a header are 16 bits, mono, at the rate that is expected", () => {
  const { samples, sampleRate } = heard(sound, 50, { sampleRate: 8000 });
  assert.deepEqual(samples, decodeWav(wavFile({ data: sound })).samples);
  assert.equal(sampleRate, 8000);
});

test("a recorder's samples are samples, even where they look like a file", () => {
  const bytes = wavFile({ data: sound });
  assert.equal(heard(bytes, 50, { raw: true }).samples.length, bytes.length / 2);
});

test("what cannot be read as it comes is an error that names it", () => {
  assert.throws(() => heard(flacFile([[1, 2, 3]]), 100, { file: "-" }), {
    code: "unsupported",
    message: /^-: audio format of a stream: .*found FLAC/,
  });
  assert.throws(() => heard(wavFile({ tag: 85, data: sound }), 100), { code: "unsupported", message: /MP3/ });
  assert.throws(() => heard(wavFile({ blockAlign: 0, data: sound }), 100), { message: /block align/ });
  const endless = wavFile({ before: [["JUNK", new Uint8Array(1 << 21)]], data: sound });
  assert.throws(() => heard(endless, 5000), { code: "format", message: /expected a data chunk/ });
});
