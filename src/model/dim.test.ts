import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  add,
  atLeast,
  ceilDiv,
  type Dim,
  divideExactly,
  equal,
  evaluate,
  floorDiv,
  format,
  max,
  min,
  mul,
  sub,
  substitute,
  symbol,
} from "./dim.ts";

const L = symbol("L");
const B = symbol("B");

test("numbers stay numbers", () => {
  assert.equal(add(2, 3), 5);
  assert.equal(floorDiv(-7, 2), -4);
  assert.equal(ceilDiv(7, 2), 4);
  assert.equal(mul(symbol("a"), 0), 0);
});

test("sizes computed in two ways are equal", () => {
  assert.equal(sub(add(L, 1), L), 1);
  assert.ok(equal(divideExactly(mul(L, B), B)!, L));
  assert.ok(equal(mul(add(L, 1), B), add(B, mul(B, L))));
  assert.ok(equal(floorDiv(floorDiv(L, 3), 2), floorDiv(L, 6)));
  assert.ok(equal(floorDiv(add(mul(4, L), 6), 8), floorDiv(add(L, 1), 2)));
  assert.ok(equal(floorDiv(add(L, 64), 64), add(floorDiv(L, 64), 1)));
  const frames = add(floorDiv(sub(L, 127), 64), 1);
  assert.equal(divideExactly(mul(mul(B, frames), 288), mul(mul(frames, B), 8)), 36);
  assert.ok(equal(divideExactly(mul(mul(B, frames), 288), mul(frames, 36))!, mul(8, B)));
});

test("comparisons are decided where sizes being at least 0 decides them", () => {
  assert.equal(max(L, 0), L);
  assert.equal(format(max(sub(L, 1), 0)), "max(0, L - 1)");
  assert.equal(min(add(L, 2), add(L, 1)).toString(), "L + 1");
  assert.ok(atLeast(mul(L, B), 0));
  assert.ok(!atLeast(L, 1));
});

test("a name without a value is an error that gives it", () => {
  assert.throws(() => evaluate(add(L, B), new Map([["L", 1]])), /L|B/);
  assert.equal(format(substitute(add(L, B), new Map([["L", 1]]))), "B + 1");
});

test("simplified expressions have the value of the operations that made them", () => {
  const operations = [add, sub, mul, floorDiv, ceilDiv, max, min] as const;
  const step = fc.tuple(fc.nat(6), fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 9 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 7 }), fc.nat(50), fc.nat(50), (steps, l, b) => {
      const symbolic: Dim[] = [L, B, 3];
      const numeric: number[] = [l, b, 3];
      for (const [which, left, right, n, constant] of steps) {
        const i = left % symbolic.length;
        const j = right % symbolic.length;
        const divides = which === 3 || which === 4;
        const operand: Dim = constant || divides ? n : symbolic[j];
        const number = constant || divides ? n : numeric[j];
        if (Math.abs(numeric[i] * number) > 1e6) continue;
        symbolic.push(operations[which](symbolic[i], operand));
        numeric.push(operations[which](numeric[i], number) as number);
      }
      const bindings = new Map([
        ["L", l],
        ["B", b],
      ]);
      assert.deepEqual(
        symbolic.map((dim) => evaluate(dim, bindings) + 0),
        numeric.map((value) => value + 0),
      );
    }),
  );
});
