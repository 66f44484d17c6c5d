import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { OctavoxError } from "../errors.ts";
import { detectFeatures } from "../wasm/index.ts";
import { allFamilies } from "./families/all.ts";
import { core } from "./families/core.ts";
import { emitKernels, loadKernels } from "./load.ts";

const exact = ["u8s8", "s8s8"].includes(detectFeatures().relaxedDot);
const skip = exact ? false : "this host has no exact relaxed dot product";

/** |−1|, to see that the functions work on the memory given. */
async function assertWorks(memory: WebAssembly.Memory, functions: { abs_f32(...a: number[]): void }) {
  new Float32Array(memory.buffer)[0] = -1;
  functions.abs_f32(0, 16, 1);
  assert.equal(new Float32Array(memory.buffer)[4], 1);
}

test("without a wish the relaxed kernels are taken where they are exact, else plain SIMD", async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { name, functions } = await loadKernels({ families: allFamilies, memory });
  assert.equal(name, exact ? "relaxed" : "simd");
  await assertWorks(memory, functions);
});

test("plain SIMD can be forced, and the memory may be shared", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 10, shared: true });
  const { name, functions } = await loadKernels({ families: allFamilies, memory, force: "simd" });
  assert.equal(name, "simd");
  await assertWorks(memory, functions);
});

test("wide kernels are enabled before they are compiled", { skip }, async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  let enabled = 0;
  const enableWide = () => {
    enabled++;
    setFlagsFromString("--experimental-wasm-revectorize");
  };
  const { name, functions } = await loadKernels({ families: allFamilies, memory, force: "wide", enableWide });
  assert.deepEqual([name, enabled], ["wide", 1]);
  await assertWorks(memory, functions);
});

test("wide kernels are refused where the host cannot enable them", { skip }, async () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const refused = (error: unknown) => error instanceof OctavoxError && error.code === "host";
  await assert.rejects(loadKernels({ families: allFamilies, memory, force: "wide" }), refused);
});

test("the module that every session has stays within 128 KiB", () => {
  const { length } = emitKernels([core], { dot: "u8s8", tile: { rows: 6, columns: 16 } }, false);
  assert.ok(length < 131072, `${length} bytes`);
});
