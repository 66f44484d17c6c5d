import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runNode } from "../reference/run.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  activationType,
  ceilingPower,
  gridFor,
  type IntegerFormat,
  onGrid,
  quantizeTo,
  rangeOf,
} from "./grid.ts";

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const formats = fc
  .record({ bits: fc.integer({ min: 2, max: 16 }), symmetric: fc.boolean() })
  .map((format): IntegerFormat => format);

test("0 is exact on every grid", () => {
  fc.assert(
    fc.property(finite, finite, formats, (a, b, format) => {
      const grid = gridFor({ min: Math.min(a, b), max: Math.max(a, b) }, format);
      assert.equal(onGrid(grid, 0), 0);
    }),
  );
});

test("a number of the range comes back within half a step", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1 }),
      formats,
      (integers, format) => {
        const values = integers.map((x) => Math.fround(x / 777));
        const grid = gridFor({ min: Math.min(...values), max: Math.max(...values) }, format);
        for (const x of values) {
          // Where zero is rounded, the end of the range lies up to half a step outside.
          const allowed = format.symmetric ? 0.5 : 1;
          assert.ok(
            Math.abs(onGrid(grid, x) - x) <= allowed * grid.scale * 1.001,
            `${x} → ${onGrid(grid, x)}`,
          );
        }
      },
    ),
  );
});

test("what is computed here is what QuantizeLinear and DequantizeLinear compute", () => {
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1 }),
      finite,
      finite,
      fc.boolean(),
      (values, a, b, symmetric) => {
        const format = { bits: symmetric ? 16 : 8, symmetric };
        const grid = gridFor({ min: Math.min(a, b), max: Math.max(a, b) }, format);
        const node = (op: string) => ({ name: op, op, inputs: [], outputs: ["y"], attributes: {} });
        const params = [
          new Tensor("float32", [grid.scale], []),
          new Tensor(activationType(format), [grid.zero], []),
        ];
        const [q] = runNode(node("QuantizeLinear"), [new Tensor("float32", values), ...params], 21);
        const [x] = runNode(node("DequantizeLinear"), [q, ...params], 21);
        assert.deepEqual(
          q.numbers(),
          values.map((value) => quantizeTo(grid, value)),
        );
        assert.deepEqual(
          x.numbers(),
          values.map((value) => onGrid(grid, value) + 0),
        );
      },
    ),
  );
});

test("eight signed bits leave −128 out, power-of-two grids keep it", () => {
  const range = { min: -1, max: 0.9 };
  assert.equal(quantizeTo(gridFor(range, { bits: 8, symmetric: true }), -5), -127);
  const pow2 = gridFor(range, { bits: 8, symmetric: true, powerOfTwo: true });
  assert.deepEqual(pow2, { scale: 1 / 128, zero: 0, low: -128, high: 127 });
  assert.equal(quantizeTo(gridFor(range, { bits: 4, symmetric: true }), -5), -8);
});

test("a range of nothing but zeros, or too narrow for a scale, has steps of 1", () => {
  for (const max of [0, 1e-44])
    for (const symmetric of [true, false])
      assert.equal(gridFor({ min: 0, max }, { bits: 8, symmetric }).scale, 1);
});

test("a grid's range contains what it was made for, but for the rounding of zero", () => {
  const { min, max } = rangeOf(gridFor({ min: -0.31, max: 2 }, { bits: 8, symmetric: false }));
  assert.ok(Math.abs(min + 0.31) < 0.01 && Math.abs(max - 2) < 0.01);
});

test("the next power of two, without logarithms", () => {
  for (const [x, power] of [
    [1, 1],
    [0.9, 1],
    [0.5, 0.5],
    [0.51, 1],
    [3, 4],
    [2 ** -130, 2 ** -130],
    [0, 0],
  ])
    assert.equal(ceilingPower(x), power);
});
