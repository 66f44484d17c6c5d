import { test } from "node:test";
import { features, presets } from "./index.ts";
import { assertRefused } from "./testing.ts";

test("a preset that does not exist is answered with those that do", () => {
  for (const preset of ["mfcc", "toString", "", undefined, 3])
    assertRefused(() => features({ preset } as never), "not-found", ...Object.keys(presets));
  for (const spec of [undefined, null, "tf-mfcc", [], 3])
    assertRefused(() => features(spec as never), "argument", "features");
});

const refused: [overrides: Record<string, unknown>, ...words: string[]][] = [
  [{ hops: 320 }, '"hops"', "hop,"],
  [{ hop: 0 }, "hop", "whole number"],
  [{ hop: 1.5 }, "hop", "1.5"],
  [{ hop: "320" }, "hop", '"320"'],
  [{ hop: Number.NaN }, "hop", "NaN"],
  [{ sampleRate: Infinity }, "sampleRate"],
  [{ fft: 14 }, "fft", "5"],
  [{ fft: 1e9 }, "fft"],
  [{ fft: 512 }, "window.length", "512", "640"],
  [{ window: { length: 2048 } }, "window.length", "1024"],
  [{ window: { kind: "kaiser" } }, "window.kind", '"povey"'],
  [{ window: { size: 3 } }, "window", '"size"'],
  [{ window: null }, "window", "null"],
  [{ edges: "zero" }, "edges"],
  [{ mel: { bands: 0 } }, "mel.bands"],
  [{ mel: { high: 9000 } }, "mel.high", "8000", "9000"],
  [{ mel: { low: 4000 } }, "mel.high"],
  [{ log: { floor: 0 } }, "log.floor"],
  [{ log: { floor: 1e-60 } }, "log.floor"],
  [{ dct: { count: 41 } }, "dct.count", "40"],
  [{ dct: 13 }, "dct"],
  [{ clip: { step: "cmvn" } }, "clip.step", '"z-score"'],
  [{ clip: { step: "z-score" } }, "clip.leastDeviation"],
  [{ clip: { step: "none", range: 8 } }, "clip", '"range"'],
  [{ clip: "none" }, "clip"],
];

for (const [overrides, ...words] of refused)
  test(`refused by name: ${JSON.stringify(overrides)}`, () => {
    assertRefused(() => features({ preset: "tf-mfcc", ...overrides } as never), "argument", ...words);
  });
