import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allFamilies } from "../kernels/families/all.ts";
import type { KernelFunctions, KernelName } from "../kernels/functions.ts";
import { type KernelSetName, loadKernels } from "../kernels/load.ts";
import { chooseKernels } from "./choose.ts";
import { core } from "./families/core.ts";
import { bindersOf, families, familiesOf } from "./families.ts";
import { InferenceSession } from "./session.ts";
import { smallModel } from "./testing.ts";
import { firstDifference } from "./verify.ts";

const all = [core, ...(await Promise.all(families.map(({ load }) => load())))];
const trials = all.flatMap((family) => family.trials);
const memory = () => new WebAssembly.Memory({ initial: 1 });

async function kernelsOf(force: KernelSetName) {
  const own = memory();
  return { own, functions: (await loadKernels({ families: allFamilies, memory: own, force })).functions };
}

describe("families", () => {
  test("have the operators that they are listed with, and are loaded for these alone", async () => {
    for (const { operators, load } of families) {
      const family = await load();
      assert.deepEqual(Object.keys(family.binders).sort(), [...operators].sort());
      const node = { name: "one", op: operators[0], inputs: [], outputs: [], attributes: {} };
      const graph = { name: "g", inputs: [], outputs: [], nodes: [node], constants: new Map() };
      assert.ok((await familiesOf({ graphs: [graph] })).includes(family), operators[0]);
    }
    assert.deepEqual(await familiesOf({ graphs: [] }), [core]);
    assert.ok("MatMul" in bindersOf([core]));
  });

  test("try each of their kernels", async () => {
    const { functions } = await kernelsOf("simd");
    const tried = new Set(trials.map(([name]) => name));
    assert.deepEqual(
      Object.keys(functions).filter((name) => !tried.has(name)),
      [],
    );
  });
});

describe("the check at load", () => {
  test("finds nothing wrong with the kernels of this host", async () => {
    for (const force of ["simd", "relaxed"] as const) {
      const { own, functions } = await kernelsOf(force);
      assert.equal(firstDifference(functions, own, trials), undefined, force);
    }
  });

  test("notices any kernel that does nothing, and names it", async () => {
    const { own, functions } = await kernelsOf("simd");
    for (const name of Object.keys(functions) as KernelName[]) {
      const broken: KernelFunctions = { ...functions, [name]: () => {} };
      const found = firstDifference(broken, own, trials);
      // The product is corrected by the sums of rows, and it is tried first.
      assert.equal(found, name === "row_sums_u8" ? "matmul_u8s8_i32" : name);
    }
  });

  test("notices a product that is off by one in its last number", async () => {
    const { own, functions } = await kernelsOf("simd");
    const broken: KernelFunctions = {
      ...functions,
      matmul_u8s8_i32(...args) {
        functions.matmul_u8s8_i32(...args);
        const [, , , c, , m, n] = args;
        new Int32Array(own.buffer)[(c >> 2) + m * n - 1]++;
      },
    };
    assert.equal(firstDifference(broken, own, trials), "matmul_u8s8_i32");
  });

  test("takes no longer than a blink", async () => {
    const { own, functions } = await kernelsOf("relaxed");
    const started = performance.now();
    firstDifference(functions, own, trials);
    assert.ok(performance.now() - started < 100);
  });
});

describe("the choice of kernels", () => {
  /** Runs with an engine whose instances are changed, or that refuses modules. */
  async function withEngine<T>(change: Partial<typeof WebAssembly>, run: () => Promise<T>): Promise<T> {
    const engine = { compile: WebAssembly.compile, instantiate: WebAssembly.instantiate };
    Object.assign(WebAssembly, change);
    try {
      return await run();
    } finally {
      Object.assign(WebAssembly, engine);
    }
  }

  /** The first modules of a set compute nonsense. */
  function nonsense(times: number): Partial<typeof WebAssembly> {
    const { instantiate } = WebAssembly;
    let left = times;
    return {
      instantiate: (async (...args: Parameters<typeof instantiate>) => {
        const { exports } = await instantiate(...args);
        return left-- > 0 ? { exports: { ...exports, exp_f32: () => {} } } : { exports };
      }) as unknown as typeof instantiate,
    };
  }

  test("kernels that compute something else give way, and the session says so", async () => {
    await withEngine(nonsense(2), async () => {
      const { name, notice } = await chooseKernels(memory(), all, { kernels: "relaxed" });
      assert.equal(name, "simd");
      assert.match(notice!, /^relaxed kernels differ from the reference on this host \(exp_f32\)$/);
    });
  });

  test("when none computes right, the reference runs, and the session says so unasked", async () => {
    await withEngine(nonsense(18), async () => {
      using session = await InferenceSession.create(smallModel());
      assert.equal(session.kernels, "reference");
      assert.match(session.notice!, /relaxed kernels differ .*; simd kernels differ/);
    });
  });

  test("an engine that compiles none leaves the reference", async () => {
    const compile = async () => {
      throw new WebAssembly.CompileError("no");
    };
    await withEngine({ compile } as unknown as Partial<typeof WebAssembly>, async () => {
      const { name, notice } = await chooseKernels(memory(), all);
      assert.equal(name, "reference");
      assert.match(notice!, /cannot run on this host: no/);
    });
  });

  test("any other failure is not hidden behind slower kernels", async () => {
    const compile = async () => {
      throw new TypeError("ours");
    };
    await withEngine({ compile } as unknown as Partial<typeof WebAssembly>, async () => {
      await assert.rejects(chooseKernels(memory(), all), /ours/);
    });
  });
});
