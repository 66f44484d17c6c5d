import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSameBits, createRandom } from "../kernels/testing.ts";
import { features, loadFeatures } from "./index.ts";
import { assertRefused, sound, specs } from "./testing.ts";

const clip = sound(16_000);

for (const spec of specs)
  test(`a stream cut anywhere gives the bits of the whole clip: ${JSON.stringify(spec)}`, async () => {
    const random = createRandom(11);
    const frontEnd = await loadFeatures(spec);
    const stream = frontEnd.stream();
    for (let round = 0; round < 200; round++) {
      const length = round === 0 ? 16_000 : 1000 + Math.floor(random() * 2500);
      const samples = clip.subarray(0, length);
      const longest = 1 + random() * (round % 2 ? 200 : 1500);
      const rows: number[] = [];
      for (let at = 0; at < length; ) {
        const end = Math.min(length, at + Math.floor(random() * longest));
        rows.push(...stream.push(samples.subarray(at, end)).data);
        at = end;
      }
      rows.push(...stream.flush().data);
      const { width } = frontEnd;
      const frames = rows.length / width;
      assert.equal(frames, frontEnd.framesOf(length));
      const { data } = frontEnd.finish({ data: Float32Array.from(rows), frames, width });
      assertSameBits(data, frontEnd.run(samples).data, `${length} samples`);
    }
  });

test("plain code streams with the same bits too", () => {
  const frontEnd = features({ preset: "moonshine-logmel" });
  const stream = frontEnd.stream();
  const rows = [0, 1, 2, 3].flatMap((part) => [
    ...stream.push(clip.subarray(part * 777, (part + 1) * 777)).data,
  ]);
  rows.push(...stream.flush().data);
  const matrix = { data: Float32Array.from(rows), frames: rows.length / 64, width: 64 };
  assertSameBits(frontEnd.finish(matrix).data, frontEnd.run(clip.subarray(0, 3108)).data, "3108 samples");
});

test("several front ends and streams do not disturb each other", async () => {
  const [a, b] = await Promise.all([
    loadFeatures({ preset: "tf-mfcc" }),
    loadFeatures({ preset: "tf-mfcc" }),
  ]);
  const streams = [a.stream(), a.stream(), b.stream()];
  const found = streams.map((): number[] => []);
  for (let at = 0; at < 16_000; at += 500)
    streams.forEach((stream, i) => {
      found[i].push(...stream.push(clip.subarray(at, at + 500)).data);
    });
  for (const rows of found)
    assertSameBits(Float32Array.from(rows), a.run(clip).data, "a stream among others");
});

test("a stream gives a row as soon as its samples are there", () => {
  const stream = features({ preset: "tf-mfcc" }).stream();
  assert.equal(stream.push(clip.subarray(0, 639)).frames, 0);
  assert.equal(stream.push(clip.subarray(639, 640)).frames, 1);
  assert.equal(stream.push(clip.subarray(640, 960)).frames, 1);
  assert.equal(stream.flush().frames, 0);
});

test("a stream that was too short can be used again", () => {
  const frontEnd = features({ preset: "tf-mfcc" });
  const stream = frontEnd.stream();
  stream.push(clip.subarray(0, 100));
  assertRefused(() => stream.flush(), "argument", "too short");
  assertSameBits(stream.push(clip).data, frontEnd.run(clip).data, "the next clip");
});
