import assert from "node:assert/strict";
import { test } from "node:test";
import FFT from "fft.js";
import { createRandom, randomFloats } from "../kernels/testing.ts";
import { isTransformSize, powerSpectrum, realTransform } from "./fft.ts";

const random = createRandom(7);

function spectrumOf(samples: Float32Array): Float32Array {
  const size = samples.length;
  const power = new Float32Array(size / 2 + 1);
  powerSpectrum(realTransform(size), samples.slice(), new Float32Array(size), power);
  return power;
}

/** Σ x[n]·e^(−2πi·kn/N), as the formula stands, in double precision. */
function directSpectrum(x: Float32Array): Float64Array {
  return Float64Array.from({ length: x.length / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    x.forEach((value, n) => {
      const angle = (2 * Math.PI * ((k * n) % x.length)) / x.length;
      re += value * Math.cos(angle);
      im -= value * Math.sin(angle);
    });
    return re * re + im * im;
  });
}

/** Magnitudes may differ by this fraction of the largest. */
function assertSpectrum(found: Float32Array, expected: ArrayLike<number>, fraction: number): void {
  const most = Math.sqrt(Math.max(...Array.from(expected)));
  found.forEach((power, k) => {
    const error = Math.abs(Math.sqrt(power) - Math.sqrt(expected[k])) / most;
    assert.ok(error <= fraction, `bin ${k} of ${found.length}: ${power}, expected ${expected[k]}`);
  });
}

test("sizes that are powers of two agree with fft.js to 3e-7 of the largest bin", () => {
  for (let size = 16; size <= 4096; size *= 2) {
    const samples = randomFloats(random, size);
    const fft = new FFT(size);
    const out = fft.createComplexArray();
    fft.realTransform(out, Array.from(samples));
    const expected = Array.from({ length: size / 2 + 1 }, (_, k) => out[2 * k] ** 2 + out[2 * k + 1] ** 2);
    assertSpectrum(spectrumOf(samples), expected, 3e-7);
  }
});

test("sizes of 2, 3 and 5 agree with the formula in double precision, Whisper's 400 among them", () => {
  for (const size of [4, 6, 8, 10, 12, 18, 20, 30, 50, 90, 120, 150, 240, 250, 400, 480, 1000]) {
    const samples = randomFloats(random, size);
    assertSpectrum(spectrumOf(samples), directSpectrum(samples), 3e-7);
  }
});

test("a tone is one bin, a constant is bin 0, and an impulse is every bin alike", () => {
  const size = 512;
  const tone = Float32Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * 37 * i) / size));
  const found = spectrumOf(tone);
  assert.ok(Math.abs(found[37] - (size / 2) ** 2) < 0.1);
  found[37] = 0;
  assert.ok(Math.max(...found) < 1e-8, `${Math.max(...found)}`);
  const constant = spectrumOf(new Float32Array(size).fill(1));
  assert.deepEqual([constant[0], Math.max(...constant.subarray(1))], [size * size, 0]);
  const impulse = new Float32Array(size);
  impulse[0] = 3;
  assert.ok(spectrumOf(impulse).every((power) => Math.abs(power - 9) < 1e-5));
});

test("a size is even and made of 2, 3 and 5", () => {
  const sizes = [4, 6, 10, 14, 22, 256, 400, 441, 442, 480, 1024, 4096, 5];
  assert.deepEqual(sizes.filter(isTransformSize), [4, 6, 10, 256, 400, 480, 1024, 4096]);
});
