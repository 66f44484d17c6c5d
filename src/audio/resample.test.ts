import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { besselI0 } from "./kaiser.ts";
import { resample } from "./resample.ts";

/** Pairs with few phases, with many, with more than the table holds; up and down. */
const PAIRS: [from: number, to: number][] = [
  [44_100, 16_000],
  [48_000, 16_000],
  [8_000, 16_000],
  [11_025, 16_000],
  [22_050, 16_000],
  [44_101, 16_000],
  [96_000, 16_000],
  [16_000, 44_100],
  [16_000, 1_000],
];

function sine(frequency: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));
}

/** Largest absolute value of `y − wanted`, away from the ends, where the silence outside mixes in. */
function largest(y: Float32Array, wanted: (j: number) => number): number {
  const edge = y.length >> 2;
  let most = 0;
  for (let j = edge; j < y.length - edge; j++) most = Math.max(most, Math.abs(y[j] - wanted(j)));
  return most;
}

const decibels = (ratio: number) => 20 * Math.log10(ratio);

for (const [from, to] of PAIRS) {
  const nyquist = Math.min(from, to) / 2;
  const length = Math.ceil((from / nyquist) * 600);

  test(`${from} → ${to} Hz keeps sines up to 0.9 Nyquist in place and in height, to 0.01 dB`, () => {
    for (const part of [0.01, 0.3, 0.6, 0.8, 0.9]) {
      const frequency = part * nyquist;
      const error = largest(resample(sine(frequency, from, length), from, to), (j) =>
        Math.sin((2 * Math.PI * frequency * j) / to),
      );
      assert.ok(error < 10 ** (0.01 / 20) - 1, `${frequency} Hz is off by ${decibels(error)} dB`);
    }
  });

  if (from > to)
    test(`${from} → ${to} Hz holds sines from 1.1 Nyquist on down by 80 dB`, () => {
      for (const part of [1.1, 1.13, 1.5, 1.9]) {
        const frequency = part * nyquist;
        if (frequency > from / 2) continue;
        const left = largest(resample(sine(frequency, from, length), from, to), () => 0);
        assert.ok(decibels(left) < -80, `${frequency} Hz comes through at ${decibels(left)} dB`);
      }
    });
}

test("images above the old Nyquist frequency stay down by 80 dB when the rate rises", () => {
  const y = resample(sine(3000, 8000, 4000), 8000, 16_000);
  // What is not the sine itself: its image at 5000 Hz and rounding.
  assert.ok(decibels(largest(y, (j) => Math.sin((2 * Math.PI * 3000 * j) / 16_000))) < -80);
});

test("a constant stays the same constant", () => {
  for (const [from, to] of PAIRS)
    assert.ok(largest(resample(new Float32Array(20_000).fill(0.5), from, to), () => 0.5) < 1e-7);
});

test("a click stays at its time", () => {
  for (const [from, to] of PAIRS) {
    const clicks = new Float32Array(from);
    clicks[(from / 2) | 0] = 1;
    const y = resample(clicks, from, to);
    const peak = y.indexOf(Math.max(...y));
    assert.ok(Math.abs(peak / to - ((from / 2) | 0) / from) <= 0.5 / to + 1e-9);
  }
});

test("n samples become round(n·to/from)", () => {
  const rates = fc.integer({ min: 1000, max: 384_000 });
  const property = fc.property(fc.nat(300), fc.constantFrom(...PAIRS), (n, [from, to]) => {
    assert.equal(resample(new Float32Array(n), from, to).length, Math.round((n * to) / from));
  });
  fc.assert(property, { numRuns: 40 });
  fc.assert(
    fc.property(rates, (from) =>
      assert.equal(resample(new Float32Array(50), from, 16_000).length, Math.round(8e5 / from)),
    ),
    { numRuns: 5 },
  );
});

test("the same rate gives the same samples in a new array", () => {
  const x = sine(440, 16_000, 100);
  const y = resample(x, 16_000, 16_000);
  assert.deepEqual(y, x);
  assert.notEqual(y, x);
});

test("the bits are those of every other machine", () => {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) / 2 ** 31;
  const noise = Float32Array.from({ length: 5000 }, next);
  const digest = (from: number) =>
    createHash("sha256")
      .update(new Uint8Array(resample(noise, from, 16_000).buffer))
      .digest("hex")
      .slice(0, 16);
  assert.deepEqual([44_100, 8000, 44_101].map(digest), [
    "7c49d86acbda10bd",
    "b51d9d7401f19136",
    "b874961c97809072",
  ]);
});

test("rates that are no whole number of Hz from 1 kHz to 384 kHz are refused", () => {
  for (const rate of [0, 999, 384_001, 16_000.5, Number.NaN, -8000])
    for (const [from, to] of [
      [rate, 16_000],
      [16_000, rate],
    ])
      assert.throws(
        () => resample(new Float32Array(10), from, to),
        (error) =>
          error instanceof OctavoxError && error.code === "argument" && error.message.includes(`${rate}`),
      );
});

test("the Bessel function agrees with known values", () => {
  const known = [
    [0, 1],
    [1, 1.2660658777520084],
    [5, 27.239871823604442],
    [10, 2815.716628466254],
  ];
  for (const [x, value] of known) assert.ok(Math.abs(besselI0(x) / value - 1) < 1e-14);
});
