import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

const numbers = fc.array(
  fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 })),
);

test("whatever comes in whatever order, every number is counted once, within its bin", () => {
  fc.assert(
    fc.property(fc.array(numbers), (batches) => {
      const histogram = new Histogram();
      for (const batch of batches) assert.equal(histogram.add(batch), 0);
      const all = batches.flat();
      assert.equal(histogram.total, all.length);
      const bins = [...histogram.bins()];
      assert.equal(
        bins.reduce((sum, { count }) => sum + count, histogram.zeros),
        all.length,
      );
      for (const { low, high, count } of bins) {
        const inside = all.filter((x) => x !== 0 && x >= low && x <= high).length;
        assert.ok(inside >= count, `${count} in ${low} … ${high}`);
      }
    }),
  );
});

test("the memory is the bins, and they are as fine as the range allows", () => {
  const histogram = new Histogram();
  for (let clip = 0; clip < 50; clip++)
    histogram.add(Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i * clip) * clip));
  assert.equal(histogram.counts.length, 4096);
  const bins = (histogram.max - histogram.min) / histogram.width;
  assert.ok(bins > 1000, `${bins} bins`);
});

test("numbers that are not finite are counted and left out", () => {
  const histogram = new Histogram();
  assert.equal(histogram.add([1, Number.NaN, Number.POSITIVE_INFINITY]), 2);
  assert.equal(histogram.total, 0);
});
