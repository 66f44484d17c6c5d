import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { cutAtPauses, isSilent } from "./pauses.ts";

const RATE = 16_000;

/** Noise of an even level from a fixed seed. */
function noise(seconds: number, level = 0.3): Float32Array {
  let state = 7;
  return Float32Array.from({ length: seconds * RATE }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (level * state) / 2 ** 31;
  });
}

/** The same with a pause: `[from, to]` in seconds, turned down to `level`. */
function pause(samples: Float32Array, from: number, to: number, level = 0): Float32Array {
  for (let i = from * RATE; i < to * RATE; i++) samples[i] *= level;
  return samples;
}

const cuts = (samples: Float32Array, maxSeconds?: number) =>
  cutAtPauses(samples, RATE, maxSeconds ? { maxSeconds } : {}).map(({ end }) => end / RATE);

test("audio up to the limit stays whole, and none gives no pieces", () => {
  assert.deepEqual(cutAtPauses(new Float32Array(30 * RATE), RATE), [{ start: 0, end: 30 * RATE }]);
  assert.deepEqual(cutAtPauses(new Float32Array(0), RATE), []);
});

test("the cut lies in the middle of a pause", () => {
  const [first] = cuts(pause(noise(40), 24, 25));
  assert.ok(Math.abs(first - 24.5) < 0.05, `${first}`);
});

test("of two pauses the longer is taken, of equally long ones the quieter", () => {
  assert.ok(Math.abs(cuts(pause(pause(noise(40), 22, 23.5), 26, 26.4))[0] - 22.75) < 0.05);
  assert.ok(Math.abs(cuts(pause(pause(noise(40), 22, 23, 0.01), 26, 27, 0.1))[0] - 22.5) < 0.1);
});

test("a pause before the last third does not shorten a piece, and a stop of a consonant is no pause", () => {
  assert.ok(cuts(pause(noise(40), 5, 8))[0] >= 20);
  const hum = pause(noise(40), 24, 24.5, 0.05);
  assert.ok(Math.abs(cuts(pause(hum, 28, 28.06))[0] - 24.25) < 0.1);
});

test("without a pause the cut is at the quietest place", () => {
  const dip = noise(40).map((x, i) => x * (0.3 + Math.abs(i / RATE - 26) / 10));
  assert.ok(Math.abs(cuts(dip)[0] - 26) < 1);
});

test("a constant offset hides no pause", () => {
  const [first] = cuts(pause(noise(40), 24, 25).map((x) => x + 0.2));
  assert.ok(Math.abs(first - 24.5) < 0.1, `${first}`);
});

test("pieces cover everything in order, none longer than the limit or empty", () => {
  const settings = fc.record({
    seconds: fc.double({ min: 0.01, max: 20, noNaN: true }),
    rate: fc.integer({ min: 1000, max: 20_000 }),
    maxSeconds: fc.double({ min: 0.5, max: 8, noNaN: true }),
    search: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    level: fc.constantFrom(0, 1e-30, 0.5),
  });
  const property = fc.property(settings, ({ seconds, rate, maxSeconds, search, level }) => {
    const samples = noise(1, level);
    const long = Float32Array.from({ length: seconds * rate }, (_, i) => samples[i % RATE]);
    const pieces = cutAtPauses(long, rate, { maxSeconds, search });
    assert.equal(pieces[0]?.start ?? 0, 0);
    assert.equal(pieces.at(-1)?.end ?? 0, long.length);
    pieces.forEach(({ start, end }, i) => {
      assert.ok(end > start && end - start <= maxSeconds * rate);
      if (i > 0) assert.equal(start, pieces[i - 1].end);
    });
  });
  fc.assert(property, { numRuns: 60 });
});

test("ten minutes are cut in milliseconds", () => {
  const samples = noise(600);
  cutAtPauses(samples, RATE);
  const started = performance.now();
  const pieces = cutAtPauses(samples, RATE);
  const milliseconds = performance.now() - started;
  assert.ok(pieces.length >= 20 && pieces.length <= 30);
  assert.ok(milliseconds < 250, `${milliseconds} ms`); // some 15 ms on an idle machine
});

test("options out of range are refused by name", () => {
  const wrong: [number, object, RegExp][] = [
    [0, {}, /sampleRate/],
    [RATE, { maxSeconds: 0 }, /maxSeconds.*found 0/],
    [RATE, { maxSeconds: Number.NaN }, /maxSeconds.*found NaN/],
    [RATE, { search: 1 }, /search/],
  ];
  for (const [rate, options, message] of wrong)
    assert.throws(
      () => cutAtPauses(new Float32Array(10), rate, options),
      (error) => error instanceof OctavoxError && error.code === "argument" && message.test(error.message),
    );
});

test("digital silence, a constant, the noise of a quiet microphone and no audio are silent", () => {
  const silent = [
    new Float32Array(RATE),
    new Float32Array(RATE).fill(0.4),
    noise(1, 1e-3),
    new Float32Array(0),
  ];
  for (const samples of silent) assert.ok(isSilent(samples));
});

test("20 ms of quiet speech in a long silence are not silent", () => {
  const samples = new Float32Array(60 * RATE);
  samples.set(noise(1, 0.01).subarray(0, 640), 20 * RATE);
  assert.ok(!isSilent(samples));
  assert.ok(isSilent(samples, -30));
});
