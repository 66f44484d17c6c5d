import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { readRefs } from "./refs.ts";
import { addWordErrors, countWordErrors, wordErrorRate } from "./wer.ts";
import { words } from "./words.ts";

const none = { words: 0, substitutions: 0, insertions: 0, deletions: 0 };
const fixtures = join(import.meta.dirname, "../../../shared/data/wer_fixtures");

test("a word of each kind of error is counted as that kind", () => {
  const count = (said: string, heard: string) => countWordErrors(words(said), words(heard));
  assert.deepEqual(count("a b c", "a b c"), { ...none, words: 3 });
  assert.deepEqual(count("a b c", "a x c"), { ...none, words: 3, substitutions: 1 });
  assert.deepEqual(count("a b c", "a c"), { ...none, words: 3, deletions: 1 });
  assert.deepEqual(count("a b c", "a b b c"), { ...none, words: 3, insertions: 1 });
  assert.deepEqual(count("", "a b"), { ...none, insertions: 2 });
  assert.deepEqual(count("a b", ""), { ...none, words: 2, deletions: 2 });
});

const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 9 });

test("the errors are as few as a search over all alignments finds, and exchange with the texts", () => {
  const fewest = (a: readonly string[], b: readonly string[]): number => {
    if (a.length === 0 || b.length === 0) return a.length + b.length;
    const [x, y] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return fewest(x, y);
    return 1 + Math.min(fewest(x, y), fewest(a, y), fewest(x, b));
  };
  const sum = ({ substitutions, insertions, deletions }: typeof none) =>
    substitutions + insertions + deletions;
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b"), { maxLength: 6 }), text, (said, heard) => {
      const errors = countWordErrors(said, heard);
      assert.equal(sum(errors), fewest(said, heard));
      assert.equal(errors.insertions - errors.deletions, heard.length - said.length);
      assert.ok(errors.substitutions + errors.deletions <= said.length);
      assert.equal(sum(errors), sum(countWordErrors(heard, said)));
    }),
  );
});

test("the rate is in percent of the words said, and defined without any", () => {
  assert.equal(wordErrorRate({ words: 8, substitutions: 1, insertions: 2, deletions: 1 }), 50);
  assert.equal(wordErrorRate(none), 0);
  assert.equal(wordErrorRate({ ...none, insertions: 2 }), 200);
});

test("capitals, punctuation and abbreviations do not count as errors", () => {
  assert.deepEqual(words("Mr. O'Neil—and Dr. Who, 7 times!"), [
    ..."mister o'neil and doctor who 7 times".split(" "),
  ]);
  assert.deepEqual(words("constructor toString"), ["constructor", "tostring"]);
  assert.deepEqual(words(" \t\n"), []);
});

test("the counts published for four recognisers of LibriSpeech come out", (t) => {
  if (!existsSync(fixtures)) return t.skip("../shared/data/wer_fixtures is not there");
  const read = (path: string) => readFileSync(join(fixtures, path), "utf8");
  const refs = readRefs(read("refs.tsv"));
  const systems = readdirSync(join(fixtures, "hyp"));
  assert.equal(systems.length, 4);
  for (const system of systems) {
    const heard = new Map(readRefs(read(`hyp/${system}`)).map(({ id, text }) => [id, text]));
    const total = refs
      .map(({ id, text }) => countWordErrors(text.split(" "), heard.get(id)!.split(" ").filter(Boolean)))
      .reduce(addWordErrors, none);
    const published = /^WER: error_rate=([\d.]+), ref_words=(\d+), subs=(\d+), ins=(\d+), dels=(\d+)/
      .exec(read(`results/${system}.result`))!
      .slice(1)
      .map(Number);
    const { words, substitutions, insertions, deletions } = total;
    assert.deepEqual([wordErrorRate(total), words, substitutions, insertions, deletions], published, system);
  }
});
