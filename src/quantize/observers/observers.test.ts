import assert from "node:assert/strict";
import { test } from "node:test";
import { gridFor, type IntegerFormat, onGrid, type Range } from "../grid.ts";
import { Observation, observerNamed, observerNames } from "./index.ts";

const u8: IntegerFormat = { bits: 8, symmetric: false };
const u4: IntegerFormat = { bits: 4, symmetric: false };

/** Sums of uniform numbers: a bell between ±6, with few far ones. */
function bell(count: number): Float32Array {
  let state = 12345;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 2 ** 31;
  return Float32Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += next();
    return sum;
  });
}

function seen(...clips: ArrayLike<number>[]): Observation {
  const observation = new Observation("x");
  for (const clip of clips) observation.add(clip);
  return observation;
}

function errorOf(values: Float32Array, range: Range, format: IntegerFormat): number {
  const grid = gridFor(range, format);
  return values.reduce((sum, x) => sum + (x - onGrid(grid, x)) ** 2, 0);
}

test("min/max takes all, the average forgets one loud clip", () => {
  const clips = Array.from({ length: 30 }, () => [-1, 1]);
  const observation = seen(...clips, [-50, 80], ...clips);
  assert.deepEqual(observerNamed("minmax")(observation, u8), { min: -50, max: 80 });
  const { min, max } = observerNamed("average")(observation, u8);
  assert.ok(min > -2 && max < 2, `${min} … ${max}`);
});

test("a percentile leaves its share outside, and nothing at an end that is 0", () => {
  const values = bell(100_000);
  for (const percent of [99, 99.9]) {
    const range = observerNamed(`percentile${percent}`)(seen(values), u8);
    const outside = values.filter((x) => x < range.min || x > range.max).length / values.length;
    assert.ok(Math.abs(outside - (1 - percent / 100)) < 0.2 * (1 - percent / 100), `${percent}: ${outside}`);
  }
  const positive = values.map((x) => Math.max(0, x));
  assert.equal(observerNamed("percentile99")(seen(positive), u8).min, 0);
});

test("the squared error of its own range is the least: less than min/max's and the percentile's", () => {
  const values = bell(50_000);
  values[7] = 60;
  for (const format of [u4, u8]) {
    const error = (name: string) => errorOf(values, observerNamed(name)(seen(values), format), format);
    assert.ok(error("mse") < error("minmax"), `${format.bits} bits: ${error("mse")} < ${error("minmax")}`);
    assert.ok(error("mse") <= 1.02 * error("percentile99"));
  }
});

test("entropy cuts off what is rare and far, and keeps what is common", () => {
  const values = bell(50_000);
  values[7] = 60;
  const { min, max } = observerNamed("entropy")(seen(values), u8);
  assert.ok(max < 20 && max > 2 && min < -2, `${min} … ${max}`);
});

test("powers of two are swept: the range is the one whose grid errs least", () => {
  const pow2: IntegerFormat = { bits: 8, symmetric: true, powerOfTwo: true };
  const values = bell(50_000);
  values[7] = 60;
  const { scale } = gridFor(observerNamed("mse")(seen(values), pow2), pow2);
  const errors = [2, 4, 8, 16, 32, 64].map((max) => ({
    max,
    error: errorOf(values, { min: -max, max }, pow2),
  }));
  const best = errors.reduce((a, b) => (b.error < a.error ? b : a));
  assert.equal(scale, best.max / 128);
});

test("a value that is always 0, one that is constant, and one never seen have ranges", () => {
  for (const name of observerNames)
    for (const clips of [[], [[0, 0]], [[3, 3]], [[-2]], [[1e-42]], [[3e38, -3e38]]]) {
      const { min, max } = observerNamed(name)(seen(...clips), u8);
      const { scale } = gridFor({ min, max }, u8);
      assert.ok(scale > 0 && Number.isFinite(scale), `${name} of ${clips}: ${min} … ${max}`);
    }
});

test("numbers that are not finite name the value", () => {
  assert.throws(() => seen([1, Number.NaN]), { code: "argument", message: /"x".*1 others among 2/ });
});

test("another observer is an error that lists them", () => {
  for (const name of ["best", "percentile20", "percentile101"])
    assert.throws(() => observerNamed(name), { code: "argument", message: /auto, minmax, average/ });
});
