import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeAudio } from "../audio/audio.ts";
import { OctavoxError } from "../errors.ts";
import { assertSameBits } from "../kernels/testing.ts";
import { bandsFirst, features, loadFeatures, presets } from "./index.ts";
import { type FrameEngine, plainEngine } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";
import { type Tables, tablesOf } from "./tables.ts";
import {
  assertRefused,
  framesOf,
  hann,
  kaldiFbank,
  powerOf,
  slaneyBands,
  sound,
  specs,
  tensorflowMfcc,
} from "./testing.ts";
import { objectionTo } from "./trial.ts";

const clip = sound(16_000);
const names = Object.keys(presets);

/** Every value within `error` of the expected one. */
function assertNear(found: Float32Array, expected: readonly (readonly number[])[], error: number): void {
  const flat = expected.flat();
  assert.equal(found.length, flat.length);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - flat[i])), 0);
  assert.ok(worst <= error, `differs by ${worst}`);
}

for (const hop of [320, 640])
  test(`tf-mfcc with hop ${hop} is TensorFlow's Mfcc`, () => {
    const { data, frames, width } = features({ preset: "tf-mfcc", hop }).run(clip);
    assert.deepEqual([frames, width], [hop === 320 ? 49 : 25, 10]);
    assertNear(data, tensorflowMfcc(clip, hop), 2e-4);
  });

test("digital silence has a first coefficient of √(2/40)·40·ln 1e-12 = −247.139", () => {
  const { data } = features({ preset: "tf-mfcc" }).run(new Float32Array(16_000));
  for (let f = 0; f < 49; f++) {
    assert.equal(data[10 * f].toFixed(3), "-247.139");
    for (let i = 1; i < 10; i++) assert.ok(Math.abs(data[10 * f + i]) < 1e-5);
  }
});

test("silence inside the words of Speech Commands reaches the floor in 635 frames of 70 clips", async (t) => {
  const folder = join(import.meta.dirname, "../../../shared/data/gsc_v2_test_dev");
  if (!existsSync(folder)) return t.skip("../shared/data/gsc_v2_test_dev is not there");
  const frontEnd = await loadFeatures({ preset: "tf-mfcc" });
  const found = { clips: 0, frames: 0 };
  for (const path of globSync("*/*.wav", { cwd: folder })) {
    const { samples } = await decodeAudio(new Uint8Array(readFileSync(join(folder, path))));
    const { data } = frontEnd.run(samples);
    const frames = data.filter((value, i) => i % 10 === 0 && value.toFixed(3) === "-247.139").length;
    found.frames += frames;
    found.clips += Math.sign(frames);
  }
  assert.deepEqual(found, { clips: 70, frames: 635 });
});

test("moonshine-logmel is torchaudio's log-mel, normalised by its mean and unbiased deviation", () => {
  const { data, frames, width } = features({ preset: "moonshine-logmel" }).run(clip);
  assert.deepEqual([frames, width], [128, 64]);
  const rows = framesOf(clip, { length: 512, hop: 125, first: -256, count: 128 }).map((frame) => {
    const weighted = frame.map((x, i) => x * hann(i, 512));
    return [...slaneyBands(powerOf(weighted, 512), 64, 20)].map((energy) => Math.log(energy + 1e-6));
  });
  const all = rows.flat();
  const mean = all.reduce((sum, x) => sum + x) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (all.length - 1));
  assertNear(
    data,
    rows.map((row) => row.map((x) => (x - mean) / deviation)),
    1e-5,
  );
});

test("whisper-logmel is Whisper's, with its range of 8 below the peak", () => {
  const { data, frames, width } = features({ preset: "whisper-logmel" }).run(clip);
  assert.deepEqual([frames, width], [100, 80]);
  const rows = framesOf(clip, { length: 400, hop: 160, first: -200, count: 100 }).map((frame) => {
    const weighted = frame.map((x, i) => x * hann(i, 400));
    return [...slaneyBands(powerOf(weighted, 400), 80, 0)].map((x) => Math.log10(Math.max(x, 1e-10)));
  });
  const peak = Math.max(...rows.flat());
  assertNear(
    data,
    rows.map((row) => row.map((x) => (Math.max(x, peak - 8) + 4) / 4)),
    1e-5,
  );
});

test("whisper-logmel's filters are those of librosa in float32", () => {
  const filters = tablesOf(presets["whisper-logmel"]).mel;
  const known = [
    [0, 1, 0.02486259490251541],
    [1, 1, 0.001990821911022067],
    [1, 2, 0.022871771827340126],
    [39, 41, 0.011486922390758991],
    [69, 131, 0.00487553421407938],
    [79, 192, 0.0031647116411477327],
  ] as const;
  for (const [band, bin, weight] of known) {
    const { start, weights } = filters[band];
    assert.ok(Math.abs(weights[bin - start] - weight) < 2e-9, `band ${band}, bin ${bin}`);
  }
});

test("kaldi-fbank is Kaldi's filter bank without dither", () => {
  const { data, frames } = features({ preset: "kaldi-fbank" }).run(clip);
  assert.equal(frames, 98);
  assertNear(data, kaldiFbank(clip, 80), 2e-3);
  assertNear(
    features({ preset: "kaldi-fbank", mel: { bands: 23 } }).run(clip).data,
    kaldiFbank(clip, 23),
    2e-3,
  );
});

for (const spec of specs)
  test(`kernels give the bits of the plain code: ${JSON.stringify(spec)}`, async () => {
    const frontEnd = await loadFeatures(spec);
    assert.deepEqual([frontEnd.kernels, frontEnd.notice], ["simd", undefined]);
    const plain = features(spec);
    for (const length of [1000, 1321, 2640, 16_000, 23_456]) {
      const samples = sound(length, length);
      assertSameBits(frontEnd.run(samples).data, plain.run(samples).data, `${length} samples`);
    }
  });

test("the plain code can be asked for, and kernels that do not exist cannot", async () => {
  const frontEnd = await loadFeatures({ preset: "tf-mfcc" }, { kernels: "reference" });
  assert.deepEqual([frontEnd.kernels, frontEnd.notice], ["reference", undefined]);
  await assert.rejects(loadFeatures({ preset: "tf-mfcc" }, { kernels: "gpu" as never }), OctavoxError);
});

test("kernels that differ from the plain code in one bit, or cannot be compiled, are objected to", async () => {
  const off = async (preset: FeaturePreset, tables: Tables): Promise<FrameEngine> => {
    const { run } = plainEngine(preset, tables);
    return {
      run(samples, start, count, out, at) {
        run(samples, start, count, out, at);
        out[at + 33] *= 1 + 2 ** -23;
      },
    };
  };
  assert.match((await objectionTo(off)) ?? "", /differ/);
  const refused = () => Promise.reject(new WebAssembly.CompileError("no SIMD"));
  assert.match((await objectionTo(refused)) ?? "", /SIMD/);
  assert.equal(await objectionTo(async (...given) => plainEngine(...given)), undefined);
});

test("mirrored edges give a frame for every hop, and repeat the end sample", () => {
  const frontEnd = features({ preset: "kaldi-fbank", edges: "mirror" });
  assert.equal(frontEnd.run(clip).frames, 100);
  // Frame 0 begins 120 samples before the clip: those are samples 119…0.
  const shifted = Float32Array.of(...clip.slice(0, 120).reverse(), ...clip);
  const inside = features({ preset: "kaldi-fbank" }).run(shifted);
  assertSameBits(frontEnd.run(clip).data.subarray(0, 80), inside.data.subarray(0, 80), "frame 0");
});

test("bands first is the transposed matrix", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...bandsFirst({ data, frames: 2, width: 3 })], [1, 4, 2, 5, 3, 6]);
});

test("clips that are empty, too short or not finite are refused", () => {
  for (const preset of names) {
    const frontEnd = features({ preset });
    assertRefused(() => frontEnd.run(new Float32Array(0)), "argument", "empty");
    assertRefused(() => frontEnd.run(new Float32Array(100)), "argument", "too short", "found 100");
    assertRefused(() => frontEnd.stream().flush(), "argument", "empty");
    const broken = clip.slice();
    broken[8000] = Number.NaN;
    assertRefused(() => frontEnd.run(broken), "argument", "sample 8000", "0.500 s");
    assertRefused(() => frontEnd.stream().push(broken), "argument", "sample 8000");
    assertRefused(() => frontEnd.run([1, 2] as never), "argument", "Float32Array");
  }
});

test("docs/features.md has the numbers of the presets", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/features.md"), "utf8");
  const rows = [...page.matchAll(/^\| ([\w.]+) \|(.*)\|$/gm)].map(([, field, cells]) => [
    field,
    ...cells.split("|").map((cell) => cell.trim()),
  ]);
  const written: Record<string, string> = { [`${2 ** -23}`]: "2^-23" };
  const fields = rows.map(([field]) => field);
  const wanted = fields.map((field) => {
    const cells = Object.values<FeaturePreset>(presets).map((preset) => {
      const value = field.split(".").reduce<unknown>((group, name) => (group as never)[name], preset);
      if (value === null) return "–";
      if (field === "clip") return preset.clip.step;
      return typeof value === "object"
        ? Object.values(value).join(", ")
        : (written[`${value}`] ?? `${value}`);
    });
    return [field, ...cells];
  });
  assert.deepEqual(rows, wanted);
  const groups = new Set(fields.map((field) => field.split(".")[0]));
  assert.deepEqual(
    Object.keys(presets["tf-mfcc"]).filter((name) => !groups.has(name)),
    ["sampleRate"],
  );
});
