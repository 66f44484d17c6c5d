import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromAffine, quantizeList, quantizeValue, revertList, revertValue, toAffine } from "./list.ts";

/** Numbers whose differences are far above what a float64 loses. */
const numbers = fc.array(
  fc.integer({ min: -1e9, max: 1e9 }).map((x) => x / 1024),
  { minLength: 1, maxLength: 50 },
);
const bitCounts = fc.integer({ min: 2, max: 16 });

test("a list by hand: four bits over −1 … 2", () => {
  const { Q, RQM, values } = quantizeList([-1, 2, 0, 0.5], 4);
  assert.deepEqual([Q, RQM], [5, -5]);
  assert.deepEqual(values, Uint8Array.of(0, 15, 5, 7));
  assert.deepEqual([...revertList({ Q, RQM, values })], [-1, 2, 0, 0.4]);
});

test("every value keeps within the bits, and comes back within half a step; the end of the range within one", () => {
  fc.assert(
    fc.property(numbers, bitCounts, (data, bits) => {
      const quantized = quantizeList(data, bits);
      assert.ok(quantized.values.every((q) => q >= 0 && q < 2 ** bits));
      const [most, step] = [Math.max(...data), 1 / quantized.Q];
      const saturated = quantizeValue(most, quantized) > 2 ** bits - 1;
      for (const [i, x] of revertList(quantized).entries()) {
        const allowed = saturated && data[i] === most ? 1 : 0.5;
        assert.ok(
          Math.abs(x - data[i]) <= allowed * step * (1 + 1e-9) || quantized.Q === 1,
          `${data[i]} → ${x}`,
        );
      }
    }),
  );
});

test("rounding loses precision but is not biased: errors of many values add up to nothing", () => {
  const data = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i * i));
  const quantized = quantizeList(data, 4);
  const errors = revertList(quantized).map((x, i) => x - data[i]);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  assert.ok(Math.abs(mean) < 0.003 / quantized.Q, `${mean * quantized.Q} steps`);
});

test("twice the steps, half the errors: about 6 dB a bit", () => {
  const data = Float64Array.from({ length: 20_000 }, (_, i) => Math.sin(i * i));
  const power = (list: Float64Array) => list.reduce((sum, x) => sum + x * x, 0);
  let before = 0;
  for (let bits = 2; bits <= 16; bits++) {
    const reverted = revertList(quantizeList(data, bits));
    const decibels = 10 * Math.log10(power(data) / power(reverted.map((x, i) => x - data[i])));
    const steps = (2 ** bits - 1) / (2 ** (bits - 1) - 1);
    if (bits > 2) assert.ok(Math.abs(decibels - before - 20 * Math.log10(steps)) < 0.7, `${bits} bits`);
    before = decibels;
  }
});

test("the scalar pair is the list's", () => {
  fc.assert(
    fc.property(numbers, bitCounts, (data, bits) => {
      const quantized = quantizeList(data, bits);
      for (const [i, q] of quantized.values.entries()) {
        assert.equal(q, Math.min(2 ** bits - 1, quantizeValue(data[i], quantized)));
        assert.equal(revertList(quantized)[i], revertValue(q, quantized));
      }
    }),
  );
});

test("scale and zero point say the same, and turn back", () => {
  fc.assert(
    fc.property(numbers, bitCounts, (data, bits) => {
      const quantized = quantizeList(data, bits);
      const { scale, zeroPoint } = toAffine(quantized);
      for (const q of quantized.values) {
        const [x, y] = [scale * (q - zeroPoint), revertValue(q, quantized)];
        assert.ok(Math.abs(x - y) <= 4e-16 * Math.abs(y));
      }
      const back = fromAffine({ scale, zeroPoint });
      assert.equal(back.RQM, quantized.RQM);
      assert.ok(Math.abs(back.Q - quantized.Q) <= 3e-16 * quantized.Q);
      assert.deepEqual(toAffine(back).scale, scale);
    }),
  );
});

test("a list of one value comes back as it was", () => {
  for (const value of [0, 3, -0.1, 1e-300, 1e300]) {
    const reverted = revertList(quantizeList([value, value], 8));
    for (const x of reverted) assert.ok(Math.abs(x - value) <= 2e-16 * Math.abs(value), `${value} → ${x}`);
  }
  assert.deepEqual([...revertList(quantizeList([5e-324], 8))], [0]);
});

test("what cannot be quantized is an error that says what is wrong", () => {
  const cases: readonly [data: number[], bits: number, message: RegExp][] = [
    [[], 8, /the list to quantize: expected numbers, found none/],
    [[1, Number.NaN], 8, /value 1 of the list to quantize: expected a finite number, found NaN/],
    [[Number.NEGATIVE_INFINITY], 8, /value 0.*found -Infinity/],
    [[-1e308, 1e308], 8, /the range of the list/],
    [[1, 2], 1, /bits: expected a whole number from 2 to 16, found 1/],
    [[1, 2], 17, /found 17/],
    [[1, 2], 4.5, /found 4\.5/],
  ];
  for (const [data, bits, message] of cases)
    assert.throws(() => quantizeList(data, bits), { code: "argument", message });
});
