import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { repeats } from "./repetition.ts";
import { Vocabulary } from "./tokens.ts";

const vocabulary = new Vocabulary([
  "<s>",
  "</s>",
  "<0xE2>",
  "<0x82>",
  "<0xAC>",
  "▁so",
  "me",
  "▁▁x",
  "é",
  "<unk>",
]);

test("pieces are joined, and the mark of a word's beginning is a space", () => {
  assert.equal(vocabulary.decode([5, 6, 5]), "some so");
  assert.equal(vocabulary.decode([5, 7, 8]), "so  xé");
  assert.equal(vocabulary.decode([]), "");
});

test("bytes spell the characters that have no piece", () => {
  assert.equal(vocabulary.decode([5, 2, 3, 4]), "so€");
  assert.equal(vocabulary.decode([5, 2, 3, 6]), "so\uFFFDme");
});

test("control tokens, and tokens beyond the vocabulary, say nothing", () => {
  assert.equal(vocabulary.decode([0, 5, 9, 1, 100]), "so");
  assert.equal(vocabulary.size, 10);
});

test("a phrase said over and over is dropped but once", () => {
  const loop = (phrase: readonly number[], times: number) => [7, 8, ...new Array(times).fill(phrase).flat()];
  assert.equal(repeats(loop([5], 10)), 9);
  assert.equal(repeats(loop([5], 9)), 0);
  assert.equal(repeats(loop([1, 2, 3], 6)), 15);
  assert.equal(repeats(loop([1, 2, 3], 5)), 0);
  const long = Array.from({ length: 12 }, (_, i) => i);
  assert.equal(repeats(loop(long, 4)), 36);
  assert.equal(repeats([]), 0);
});

test("what does not repeat is never dropped", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }), (tokens) => {
      assert.equal(repeats(tokens), 0);
    }),
  );
});
