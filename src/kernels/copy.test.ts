import assert from "node:assert/strict";
import { test } from "node:test";
import { copyStrided } from "../reference/copy.ts";
import { stridesOf } from "../tensor/tensor.ts";
import { addCopy } from "./copy.ts";
import { Arena, createRandom, instantiate } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addCopy);
const random = createRandom(6);

type Four = [number, number, number, number];

/** Copies from element `offset` of a random x, for words and for bytes. */
function check(size: number, offset: number, dims: Four, strides: Four): void {
  const count = dims.reduce((product, dim) => product * dim, 1);
  for (const [Elements, bytes] of [[Int32Array, 4] as const, [Uint8Array, 1] as const]) {
    arena.reset();
    const x = new Elements(size).map(() => Math.floor(random() * 1e6));
    const [from, to] = [arena.put(x), arena.reserve(count * bytes)];
    const kernel = bytes === 4 ? kernels.copy_strided_32 : kernels.copy_strided_8;
    kernel(from + offset * bytes, to, ...dims, ...strides);
    const expected = new Elements(count);
    copyStrided<Int32Array | Uint8Array>(x, offset, dims, strides, expected);
    const what = `${bytes} bytes, ${dims} by ${strides}`;
    const found = new Elements(arena.memory.buffer, to, count);
    assert.deepEqual(found, expected, what);
    arena.assertGuarded(to, count * bytes, what);
  }
}

function* permutations(left: number[]): Generator<number[]> {
  if (left.length === 0) yield [];
  for (const first of left)
    for (const rest of permutations(left.filter((axis) => axis !== first))) yield [first, ...rest];
}

test("copy_strided transposes in every order of axes", () => {
  for (const shape of [
    [2, 3, 5, 7],
    [1, 2, 4, 9],
    [2, 8, 1, 36],
    [1, 1, 13, 150],
    [3, 1, 1, 1],
  ])
    for (const order of permutations([0, 1, 2, 3])) {
      const strides = order.map((axis) => stridesOf(shape)[axis]) as Four;
      check(
        shape.reduce((a, b) => a * b),
        0,
        order.map((axis) => shape[axis]) as Four,
        strides,
      );
    }
});

test("copy_strided slices, reverses and expands", () => {
  check(100, 7, [1, 2, 3, 4], [0, 40, 10, 1]);
  check(1000, 3, [1, 1, 5, 150], [0, 0, 170, 1]);
  check(100, 1, [1, 1, 9, 5], [0, 0, 11, 2]);
  check(60, 59, [1, 3, 4, 5], [0, -20, -5, -1]);
  check(60, 20, [1, 1, 4, 5], [0, 0, 1, -4]);
  check(6, 1, [2, 3, 4, 5], [0, 1, 0, 0]);
  check(6, 0, [1, 1, 4, 6], [0, 0, 0, 1]);
  check(6, 0, [1, 1, 6, 4], [0, 0, 1, 0]);
});

test("copy_strided writes nothing when a dimension is 0", () => {
  check(6, 0, [1, 0, 2, 3], [6, 6, 3, 1]);
  check(6, 0, [1, 1, 2, 0], [6, 6, 3, 1]);
});
