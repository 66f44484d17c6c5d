import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { evaluate } from "../model/dim.ts";
import { assignArena, type Lifetime } from "./arena.ts";
import { Heap } from "./heap.ts";
import { StateStore } from "./states.ts";

const lifetimes = fc.array(
  fc
    .record({ bytes: fc.nat(5000), from: fc.nat(20), length: fc.nat(10) })
    .map(({ bytes, from, length }): Lifetime => ({ bytes, from, to: from + length })),
  { maxLength: 40 },
);

test("values that live at the same time never share a byte, nor the 64 that kernels may read past the end", () => {
  fc.assert(
    fc.property(lifetimes, (all) => {
      const { offsets, bytes } = assignArena(all);
      for (const [i, a] of all.entries()) {
        assert.ok(offsets[i] % 64 === 0 && offsets[i] + a.bytes + 64 <= bytes);
        for (const [j, b] of all.entries()) {
          if (i === j || a.from > b.to || b.from > a.to) continue;
          assert.ok(offsets[i] + a.bytes + 64 <= offsets[j] || offsets[j] + b.bytes + 64 <= offsets[i]);
        }
      }
    }),
  );
});

test("values that never live at the same time share their bytes", () => {
  const chain = Array.from({ length: 10 }, (_, at) => ({ bytes: 1000, from: at, to: at + 1 }));
  const [one, all] = [assignArena(chain.slice(0, 1)), assignArena(chain)];
  assert.equal(all.bytes, 2 * one.bytes);
});

test("blocks of the heap never overlap, and come back when they are freed", () => {
  const commands = fc.array(fc.oneof(fc.nat(100_000), fc.constant("free" as const)), { maxLength: 60 });
  fc.assert(
    fc.property(commands, (list) => {
      const heap = new Heap();
      const blocks: { start: number; bytes: number }[] = [];
      for (const command of list) {
        if (command !== "free") {
          const start = heap.allocate(command);
          assert.ok(start > 0 && start % 64 === 0 && start + command + 64 <= heap.memory.buffer.byteLength);
          for (const other of blocks)
            assert.ok(start + command + 64 <= other.start || other.start + other.bytes + 64 <= start);
          blocks.push({ start, bytes: command });
        } else if (blocks.length > 0) {
          const { start, bytes } = blocks.splice(blocks.length >> 1, 1)[0];
          heap.free(start, bytes);
        }
      }
      const before = heap.memory.buffer.byteLength;
      for (const { start, bytes } of blocks) heap.free(start, bytes);
      heap.allocate(before - 256);
      assert.equal(heap.memory.buffer.byteLength, before);
    }),
    { numRuns: 40 },
  );
});

test("a reserve is grown at once, and those who hold views are told", () => {
  const heap = new Heap();
  let told = 0;
  heap.onGrow(() => told++);
  heap.reserve(heap.roomFor(500_000) + heap.roomFor(300_000));
  const { byteLength } = heap.memory.buffer;
  heap.allocate(500_000);
  heap.allocate(300_000);
  assert.deepEqual([heap.memory.buffer.byteLength, told], [byteLength, 1]);
});

test("more memory than there is, is an error that says so", () => {
  assert.throws(() => new Heap().allocate(2 ** 33), {
    code: "host",
    message: /not enough WebAssembly memory/,
  });
});

test("a state keeps its rows when it moves to a larger room, and forgets them when told to", () => {
  const heap = new Heap();
  const store = new StateStore(heap);
  store.declare("keys", 4);
  const bytes = () => new Uint8Array(heap.memory.buffer, store.pointer("keys"), 4 * store.length("keys"));
  store.reserve("keys", 3);
  store.setLength("keys", 3);
  bytes().set([...Array(12).keys()]);
  const before = store.pointer("keys");
  store.reserve("keys", 1000);
  assert.notEqual(store.pointer("keys"), before);
  assert.deepEqual([...bytes()], [...Array(12).keys()]);
  assert.equal(evaluate(StateStore.lengthOf("keys"), store.lengths), 3);
  store.reset();
  assert.equal(store.length("keys"), 0);
  assert.throws(() => store.declare("keys", 8), { code: "shape", message: /two widths/ });
});
