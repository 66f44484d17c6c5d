// The promise that every host computes the same bits, kept by every set of kernels that this one has, and by any number
// of threads.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bitsOf } from "./browser/bits.ts";
import { cases } from "./browser/cases.ts";
import { featureBits } from "./browser/features.ts";

for (const { name, skip, load, ...options } of cases)
  test(`frames and logits of ${name} have the same bits with every set of kernels and number of threads`, {
    skip,
  }, async (t) => {
    const { model, samples } = await load();
    const expected = await bitsOf(model, samples, { ...options, kernels: "reference" });
    assert.equal(expected.kernels, "reference");
    assert.ok(new Set(expected.tokens).size > 1, "a model that always says the same would prove little");
    for (const kernels of ["simd", "relaxed"] as const)
      for (const threads of [1, 2, 3, 4]) {
        const found = await bitsOf(model, samples, { ...options, kernels, threads });
        // A host without an exact relaxed dot product falls back.
        if (found.kernels !== kernels) t.diagnostic(`"${kernels}" cannot run here, "${found.kernels}" ran`);
        assert.deepEqual({ ...found, kernels }, { ...expected, kernels, threads });
      }
  });

test("features have the same bits with kernels and without, those of every other machine", async () => {
  const hashes = {
    "tf-mfcc": "97eac4e2774a35aa",
    "moonshine-logmel": "6908864fde52b927",
    "kaldi-fbank": "563ba58ff6e35b6f",
    "whisper-logmel": "bd851839b31fde13",
  };
  for (const kernels of ["simd", "reference"] as const) {
    const expected = Object.entries(hashes).map(([preset, hash]) => [preset, { kernels, hash }]);
    assert.deepEqual(await featureBits(kernels), Object.fromEntries(expected));
  }
});
