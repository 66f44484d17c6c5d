// octavox's kernels as a contestant: each family of the table, and the loops that limit them, compiled as asked.

import { OctavoxError } from "../../src/errors.ts";
import type { DotName } from "../../src/kernels/dot_u8s8.ts";
import { allFamilies } from "../../src/kernels/families/all.ts";
import { type KernelSetName, loadKernels } from "../../src/kernels/load.ts";
import { detectFeatures } from "../../src/wasm/index.ts";
import type { Limit, Prepare, Values } from "../contest/task.ts";
import { families } from "./families.ts";
import type { Place } from "./family.ts";
import { type LimitName, makeLimit } from "./limit.ts";
import { createRandom, seedOf } from "./random.ts";

const PAGE = 65_536;
const ALIGNMENT = 64;

/** How a set of kernels multiplies 8-bit integers on this host. */
function dotOf(set: KernelSetName): DotName {
  return set === "simd" ? "plain" : (detectFeatures().relaxedDot as DotName);
}

/** @param enableWide what switches the fusing of vectors on, for "wide" */
export function octavoxKernels(set: KernelSetName, enableWide?: () => void): Prepare {
  const known = new Map<LimitName, Limit>();
  const limitOf = (name: LimitName): Limit => {
    const limit = known.get(name) ?? makeLimit(name, dotOf(set), set === "wide" ? 2 : 1);
    known.set(name, limit);
    return limit;
  };
  // Loaded once, as a session does: what the host has compiled to its best code stays so.
  const memory = new WebAssembly.Memory({ initial: 1 });
  let loaded: ReturnType<typeof loadKernels> | undefined;
  return async ({ family, shape }) => {
    const { operands, type, count, bind, limit } = families[family];
    loaded ??= loadKernels({ families: allFamilies, memory, force: set, enableWide });
    const { functions } = (await loaded.catch(hostsFault)) ?? {};
    if (!functions) return undefined;
    const place = placeIn(memory);
    const { call, result } = bind(functions, place, operands(shape, createRandom(seedOf(shape))), shape);
    return {
      run: call,
      result: () => new type(memory.buffer, result, count(shape)).slice(),
      limit: limit && limitOf(limit),
    };
  };
}

/** A host that cannot run these kernels takes no part with them. */
function hostsFault(error: unknown): undefined {
  if (!(error instanceof OctavoxError) || error.code !== "host") throw error;
}

/** One operand after the other, with room behind each: kernels may read a little past the end. */
function placeIn(memory: WebAssembly.Memory): Place {
  let end = ALIGNMENT;
  const reserve = (bytes: number) => {
    const start = end;
    end = Math.ceil((end + bytes) / ALIGNMENT + 2) * ALIGNMENT;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return start;
  };
  const put = (values: Values) => {
    const start = reserve(values.byteLength);
    new Uint8Array(memory.buffer).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      start,
    );
    return start;
  };
  let views: { u8: Uint8Array; f32: Float32Array } | undefined;
  const seen = () => {
    const { buffer } = memory;
    if (views?.u8.buffer !== buffer) views = { u8: new Uint8Array(buffer), f32: new Float32Array(buffer) };
    return views;
  };
  return { put, reserve, byte: (at) => seen().u8[at], float: (at) => seen().f32[at >> 2] };
}
