import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { expOfNegative, logisticFixed, tanhFixed } from "./fixed-functions.ts";
import {
  fixedMultiplier,
  multiplyByFixed,
  multiplyByFixedOnce,
  roundingDivideByPowerOfTwo,
  saturatingRoundingDoublingHighMul,
} from "./fixed-point.ts";

const [MIN, MAX] = [-(2 ** 31), 2 ** 31 - 1];

/** Numbers at the ends and the middle of the range, and some in between. */
function spread(count: number): Int32Array {
  let state = 99;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) | 0);
  const edges = [MIN, MIN + 1, -(2 ** 30), -3, -2, -1, 0, 1, 2, 3, 2 ** 30, MAX - 1, MAX];
  const any = () => (random() ^ (random() << 7)) >> ((random() >>> 8) % 31);
  return Int32Array.from({ length: count }, (_, i) => edges[i] ?? any());
}

/** Every number whose lower half is 0: all that the upper 16 bits can say. */
const upperHalves = (): Int32Array => Int32Array.from({ length: 2 ** 16 }, (_, i) => i << 16);

test("a real multiplier comes back to 31 bits", () => {
  for (const real of [1, 0.5, 0.75, 1 / 3, 3e-5, 0.99999999999, 7.1, 123456.7, 2 ** -20]) {
    const { multiplier, shift } = fixedMultiplier(real);
    assert.ok(multiplier >= 2 ** 30 && multiplier < 2 ** 31);
    assert.ok(Math.abs(multiplier * 2 ** (shift - 31) - real) <= real * 2 ** -31);
  }
  assert.deepEqual(fixedMultiplier(0), { multiplier: 0, shift: 0 });
  assert.deepEqual(fixedMultiplier(1e-12), { multiplier: 0, shift: 0 });
  assert.throws(() => fixedMultiplier(-1), RangeError);
});

test("the high product is a·b / 2^31 rounded, by big integers", () => {
  const numbers = spread(200);
  for (const a of numbers)
    for (const b of numbers) {
      const product = BigInt(a) * BigInt(b);
      const expected =
        a === MIN && b === MIN
          ? BigInt(MAX)
          : (product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
      assert.equal(saturatingRoundingDoublingHighMul(a, b), Number(expected), `${a}·${b}`);
    }
});

test("the high product of all pairs of upper bytes, by big integers", () => {
  for (let a = -128; a < 128; a++)
    for (let b = -128; b < 128; b++) {
      const product = (BigInt(a) * BigInt(b)) << 48n;
      const nudged = product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n));
      const expected = a === -128 && b === -128 ? BigInt(MAX) : nudged / (1n << 31n);
      if (saturatingRoundingDoublingHighMul(a << 24, b << 24) !== Number(expected))
        assert.fail(`${a} << 24 · ${b} << 24`);
    }
});

test("division by every power of two rounds ties away from zero, of every number of 16 bits", () => {
  for (let x = -(2 ** 15); x < 2 ** 15; x++)
    for (let exponent = 0; exponent <= 17; exponent++) {
      const expected = Math.sign(x) * Math.floor(Math.abs(x) / 2 ** exponent + 0.5) || 0;
      if (roundingDivideByPowerOfTwo(x, exponent) !== expected) assert.fail(`${x} / 2^${exponent}`);
    }
});

test("division by a power of two rounds ties away from zero, for every exponent", () => {
  for (const x of spread(1000))
    for (let exponent = 0; exponent < 32; exponent++) {
      const real = Math.abs(x) / 2 ** exponent;
      const expected = Math.sign(x) * Math.floor(real + 0.5);
      assert.equal(roundingDivideByPowerOfTwo(x, exponent), expected + 0 || 0, `${x} / 2^${exponent}`);
    }
});

test("rounding twice and rounding once differ by one at the most, and both are near the real product", () => {
  for (const real of [0.0003, 0.0117, 0.9, 1.7])
    for (const sum of spread(2000).map((x) => x >> 4)) {
      const [twice, once] = [multiplyByFixed, multiplyByFixedOnce].map((f) => f(sum, fixedMultiplier(real)));
      assert.ok(Math.abs(twice - once) <= 1);
      assert.ok(Math.abs(twice - sum * real) <= 1 + Math.abs(sum) * real * 2 ** -30);
    }
});

test("the functions are within their stated errors, for every number of the upper 16 bits and many others", () => {
  for (const bits of [0, 2, 4, 5]) {
    const scale = 2 ** (bits - 31);
    for (const a of [...spread(3000), ...upperHalves()]) {
      const x = a * scale;
      const near = (found: number, expected: number, power: number) => {
        if (Math.abs(found / 2 ** 31 - expected) >= 2 ** power) assert.fail(`${x}, ${bits} bits`);
      };
      if (a <= 0) near(expOfNegative(a, bits), Math.exp(x), -22);
      near(tanhFixed(a, bits), Math.tanh(x), -22.7);
      near(logisticFixed(a, bits), 1 / (1 + Math.exp(-x)), -23.7);
    }
  }
});

const program = `
#include <cstdio>
#include <cstdint>
#include "gemmlowp/fixedpoint/fixedpoint.h"
using namespace gemmlowp;
template <int bits> void functions(std::int32_t a) {
  auto x = FixedPoint<std::int32_t, bits>::FromRaw(a);
  std::printf(" %d %d", tanh(x).raw(), logistic(x).raw());
  std::printf(" %d", a <= 0 ? exp_on_negative_values(x).raw() : 0);
}
int main() {
  int a, b;
  while (std::scanf("%d %d", &a, &b) == 2) {
    std::printf("%d", SaturatingRoundingDoublingHighMul(a, b));
    std::printf(" %d", RoundingDivideByPOT(a, b & 31));
    functions<0>(a); functions<3>(a); functions<5>(a);
    std::printf("\\n");
  }
}`;

describe("the bits of gemmlowp", () => {
  const headers = ["/usr/include/gemmlowp", "/usr/local/include/gemmlowp"].some((path) => existsSync(path));
  const compiler = ["g++", "clang++", "c++"].find((name) => spawnSync(name, ["--version"]).status === 0);
  const skip = !headers
    ? "gemmlowp's headers are not installed (Debian: libgemmlowp-dev)"
    : !compiler && "there is no C++ compiler";
  const numbers = [...spread(20_000), ...upperHalves()];
  let rows: number[][] = [];

  before(() => {
    if (skip) return;
    const work = mkdtempSync(join(tmpdir(), "octavox-gemmlowp-"));
    try {
      writeFileSync(join(work, "oracle.cc"), program);
      execFileSync(compiler!, [
        "-O1",
        "-std=c++14",
        "-w",
        "-o",
        join(work, "oracle"),
        join(work, "oracle.cc"),
      ]);
      const input = Array.from(numbers, (a, i) => `${a} ${numbers[(i * 7 + 3) % numbers.length]}`).join("\n");
      const output = execFileSync(join(work, "oracle"), { input, encoding: "utf8", maxBuffer: 1 << 27 });
      rows = output
        .trim()
        .split("\n")
        .map((line) => line.split(" ").map(Number));
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  test("in products, divisions, exp, tanh and the logistic function", { skip }, () => {
    assert.equal(rows.length, numbers.length);
    for (const [i, row] of rows.entries()) {
      const [a, b] = [numbers[i], numbers[(i * 7 + 3) % numbers.length]];
      const functions = [0, 3, 5].flatMap((bits) => [
        tanhFixed(a, bits),
        logisticFixed(a, bits),
        a <= 0 ? expOfNegative(a, bits) : 0,
      ]);
      const found = [
        saturatingRoundingDoublingHighMul(a, b),
        roundingDivideByPowerOfTwo(a, b & 31),
        ...functions,
      ];
      assert.deepEqual(
        found.map((x) => x + 0),
        row,
        `${a}, ${b}`,
      );
    }
  });
});
