// What this host can do, found by running tiny modules: a host may accept an instruction and still compute
// something else, so nothing is believed that has not been run.

import { ModuleBuilder } from "./module.ts";
import { i8x16, i32, i32x4, v128 } from "./operators.ts";

/**
 * What `i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, c)` does with bytes of b above 127: reads them as
 * unsigned, as signed, or as unsigned with the sums of pairs saturated to 16 bits. "absent": not accepted,
 * or the sums are none of these.
 */
export type RelaxedDot = "u8s8" | "s8s8" | "saturating" | "absent";

export interface HostFeatures {
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  readonly relaxedDot: RelaxedDot;
  /** Shared memory can be made and imported. */
  readonly threads: boolean;
}

export function detectFeatures(): HostFeatures {
  return {
    simd: hasSimd(),
    relaxedSimd: hasRelaxedSimd(),
    relaxedDot: findRelaxedDot(),
    threads: hasThreads(),
  };
}

function instantiate(module: ModuleBuilder, imports: WebAssembly.ModuleImports = {}): unknown {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: imports });
  return instance.exports;
}

/** What `probe` gives, or `otherwise` if the host refuses the module. */
function attempt<T>(probe: () => T, otherwise: T): T {
  try {
    return probe();
  } catch {
    return otherwise;
  }
}

function hasSimd(): boolean {
  const module = new ModuleBuilder();
  module.func("probe", { params: { x: "i32" }, result: "i32" }, (f, { x }) =>
    f.return(i32x4.extract_lane(i32x4.mul(i32x4.splat(x), i32x4.splat(x)), 3)),
  );
  return attempt(() => (instantiate(module) as { probe(x: number): number }).probe(7) === 49, false);
}

function hasRelaxedSimd(): boolean {
  const module = new ModuleBuilder();
  module.func("probe", { params: { x: "i32" }, result: "i32" }, (f, { x }) =>
    f.return(i8x16.extract_lane_u(i8x16.relaxed_swizzle(i8x16.splat(x), v128.const("i8x16", 0)), 5)),
  );
  return attempt(() => (instantiate(module) as { probe(x: number): number }).probe(7) === 7, false);
}

/** Bytes a·b four times, added to c; a signed, in the other of three ways. */
const meanings: Record<Exclude<RelaxedDot, "absent">, (a: number, b: number, c: number) => number> = {
  u8s8: (a, b, c) => 4 * a * (b & 0xff) + c,
  s8s8: (a, b, c) => 4 * a * ((b << 24) >> 24) + c,
  saturating: (a, b, c) => 2 * Math.max(-32768, Math.min(32767, 2 * a * (b & 0xff))) + c,
};

/** a, b, c: bytes whose pair sums stay within 16 bits, pass them upwards and downwards; c never 0. */
const dotCases = [
  [3, 5, 1000],
  [-7, 100, -99],
  [127, 255, 12345],
  [-128, 255, 54321],
  [-128, 128, -1],
] as const;

function findRelaxedDot(): RelaxedDot {
  const module = new ModuleBuilder();
  module.func("probe", { params: { a: "i32", b: "i32", c: "i32" }, result: "i32" }, (f, { a, b, c }) => {
    const sums = i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(a), i8x16.splat(b), i32x4.splat(c));
    // Every lane must agree, so that their sum is four times one of them.
    const lanes = ([0, 1, 2, 3] as const).map((lane) => i32x4.extract_lane(sums, lane));
    return f.return(lanes.reduce((total, lane) => i32.add(total, lane)));
  });
  return attempt(() => {
    const { probe } = instantiate(module) as { probe(a: number, b: number, c: number): number };
    const found = Object.entries(meanings).find(([, meaning]) =>
      dotCases.every(([a, b, c]) => probe(a, b, c) === 4 * meaning(a, b, c)),
    );
    return (found?.[0] ?? "absent") as RelaxedDot;
  }, "absent");
}

function hasThreads(): boolean {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1, max: 1, shared: true });
  return attempt(() => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    instantiate(module, { memory });
    return memory.buffer instanceof SharedArrayBuffer;
  }, false);
}
