import assert from "node:assert/strict";
import { test } from "node:test";
import { detectFeatures } from "./features.ts";

test("this Node has SIMD and threads, and its relaxed dot has one of the known meanings", () => {
  const { simd, relaxedSimd, relaxedDot, threads } = detectFeatures();
  assert.deepEqual({ simd, relaxedSimd, threads }, { simd: true, relaxedSimd: true, threads: true });
  assert.ok(["u8s8", "s8s8", "saturating"].includes(relaxedDot), relaxedDot);
});
