import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { Graph, Model } from "../model/graph.ts";
import { writeOvx } from "../model/ovx.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { KernelChoice } from "./choose.ts";
import { fileOf } from "./load.ts";
import { InferenceSession } from "./session.ts";
import { noise, smallModel } from "./testing.ts";

const float = (data: ArrayLike<number>, dims: readonly number[] = [data.length]) =>
  new Tensor("float32", Float32Array.from(data), dims);
const token = (id: number) => new Tensor("int64", [id], [1, 1]);

/** y = x + b, x [rows, 3] */
const adding: Graph = {
  name: "adding",
  inputs: [{ name: "x", dtype: "float32", dims: ["rows", 3] }],
  outputs: [{ name: "y", dtype: "float32", dims: ["rows", 3] }],
  nodes: [{ name: "add", op: "Add", inputs: ["x", "b"], outputs: ["y"], attributes: {} }],
  constants: new Map([["b", float([1, 2, 3])]]),
};
const only = (...graphs: Graph[]): Model => ({ graphs, opset: 17, metadata: {} });

describe("a session", () => {
  test("runs a graph for whatever sizes come", async () => {
    using session = await InferenceSession.create(only(adding));
    for (const rows of [1, 4, 2, 9, 3, 7, 8, 5, 6, 11, 12, 1]) {
      const x = noise(rows * 3, rows);
      const { y } = await session.run({ x: float(x, [rows, 3]) });
      assert.deepEqual(y.dims, [rows, 3]);
      assert.deepEqual([...(y.data as Float32Array)], [...x.map((value, i) => value + (i % 3) + 1)]);
    }
  });

  test("leaves its results alone when it runs again", async () => {
    using session = await InferenceSession.create(only(adding));
    const { y } = await session.run({ x: float([0, 0, 0], [1, 3]) });
    await session.run({ x: float([9, 9, 9], [1, 3]) });
    assert.deepEqual([...(y.data as Float32Array)], [1, 2, 3]);
  });

  test("says which feeds are wrong", async () => {
    using session = await InferenceSession.create(only(adding));
    const cases: readonly [feeds: Record<string, Tensor>, code: string, message: RegExp][] = [
      [{}, "argument", /input "x": expected a float32 tensor, found nothing/],
      [{ x: new Tensor("int32", [1, 2, 3], [1, 3]) }, "argument", /found a int32 tensor/],
      [{ x: float([1, 2, 3], [1, 3]), z: float([1]) }, "argument", /no input "z": expected x/],
      [{ x: float([1, 2], [1, 2]) }, "shape", /x|add/],
      [{ x: Object.assign(float([1, 2, 3], [1, 3]), { dims: [2, 3] }) }, "argument", /of 3 elements/],
    ];
    for (const [feeds, code, message] of cases) await assert.rejects(session.run(feeds), { code, message });
  });

  test("says what it can be made of", async () => {
    const cases: readonly [unknown, RegExp][] = [
      [new ArrayBuffer(8), /found ArrayBuffer. Wrap it/],
      ["model.ovx", /expected a Uint8Array of a packed file.*found string/],
      [undefined, /found undefined/],
      [{}, /found Object/],
    ];
    for (const [source, message] of cases)
      await assert.rejects(InferenceSession.create(source as Model), { code: "argument", message });
  });

  test("asks which of several graphs, and knows its inputs and outputs", async () => {
    using session = await InferenceSession.create(smallModel());
    await assert.rejects(session.run({}), {
      code: "argument",
      message: /several graphs: expected one of encoder, step/,
    });
    await assert.rejects(session.run({}, { graph: "none" }), {
      code: "argument",
      message: /no graph "none"/,
    });
    assert.deepEqual(
      session.inputs("step").map(({ name }) => name),
      ["token"],
    );
    assert.deepEqual(
      session.outputs("step").map(({ name }) => name),
      ["logits"],
    );
  });

  test("gives its memory back, and is not used afterwards", async () => {
    const session = await InferenceSession.create(only(adding));
    assert.ok(session.memoryBytes > 0);
    session.dispose();
    session.dispose();
    assert.equal(session.memoryBytes, 0);
    await assert.rejects(session.run({ x: float([1, 2, 3], [1, 3]) }), {
      code: "state",
      message: /disposed/,
    });
  });

  test("does nothing for a signal that has fired", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(InferenceSession.create(only(adding), { signal }), /enough/);
    using session = await InferenceSession.create(only(adding));
    await assert.rejects(session.run({ x: float([1, 2, 3], [1, 3]) }, { signal }), /enough/);
  });

  test("that is disposed of while it runs ends that run with an error", async () => {
    // What the reference runs is loaded first: the session is gone meanwhile.
    const session = await InferenceSession.create(only(adding), { kernels: "reference", threads: 2 });
    const running = session.run({ x: float([1, 2, 3], [1, 3]) });
    session.dispose();
    await running.then(
      ({ y }) => assert.equal(y.size, 3),
      (error) => assert.equal(error.code, "state"),
    );
    await assert.rejects(session.run({ x: float([1, 2, 3], [1, 3]) }), { code: "state" });
  });

  test("runs two at once one after the other", async () => {
    using session = await InferenceSession.create(only(adding), { kernels: "reference" });
    const [a, b] = await Promise.all(
      [1, 2].map((rows) => session.run({ x: float(new Float32Array(3 * rows), [rows, 3]) })),
    );
    assert.deepEqual(
      [...(a.y.data as Float32Array), ...(b.y.data as Float32Array)],
      [1, 2, 3, 1, 2, 3, 1, 2, 3],
    );
  });
});

describe("threads", () => {
  test("are as many as asked for, 1 to 64, and leave with the session", async () => {
    using one = await InferenceSession.create(only(adding));
    assert.equal(one.threads, 1);
    const three = await InferenceSession.create(only(adding), { threads: 3 });
    assert.equal(three.threads, 3);
    assert.equal(three.notice, undefined);
    three.dispose();
    for (const threads of [0, -1, 1000, 2.5])
      await assert.rejects(InferenceSession.create(only(adding), { threads }), {
        code: "argument",
        message: /threads: expected a whole number from 1 to 64/,
      });
  });

  test("are not there for the reference", async () => {
    using session = await InferenceSession.create(only(adding), { threads: 2, kernels: "reference" });
    assert.equal(session.threads, 1);
  });

  test("do not change a bit, and serve sequences as one does", async () => {
    const said = await Promise.all(
      [1, 2, 3, 4].map(async (threads) => {
        using session = await InferenceSession.create(smallModel(), { threads });
        return await say(session, [1, 5, 2, 7], noise(40_000));
      }),
    );
    for (const each of said.slice(1)) assert.deepEqual(each, said[0]);
  });

  test("keep no process alive", async () => {
    const program = `
      import { InferenceSession } from "${new URL("./session.ts", import.meta.url)}";
      import { smallModel } from "${new URL("./testing.ts", import.meta.url)}";
      const { threads } = await InferenceSession.create(smallModel(), { threads: 3 });
      console.log(threads);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", program],
      { timeout: 30_000 },
    );
    assert.equal(stdout, "3\n");
  });
});

describe("a session's memory", () => {
  test("has a limit that is said, and kept", async () => {
    const model = writeOvx(smallModel());
    for (const source of [model, fileOf(model)])
      await assert.rejects(
        (async () => {
          using session = await InferenceSession.create(source, { memoryLimit: 70_000 });
          await say(session, [1]);
        })(),
        { code: "host", message: /not enough WebAssembly memory.*at most 70000.*Raise memoryLimit/s },
      );
    using session = await InferenceSession.create(model, { memoryLimit: 64 << 20, threads: 2 });
    await say(session, [1, 2]);
    for (const memoryLimit of [0, -5, Number.NaN])
      await assert.rejects(InferenceSession.create(model, { memoryLimit }), { code: "argument" });
  });
});

/** The logits of a few tokens, in a sequence. */
async function say(session: InferenceSession, tokens: readonly number[], samples = noise(2000)) {
  session.resetStates();
  const audio = float(samples, [1, samples.length]);
  await session.run({ samples: audio }, { graph: "encoder" });
  const logits: Tensor[] = [];
  for (const id of tokens) logits.push((await session.run({ token: token(id) }, { graph: "step" })).logits);
  return logits.map(({ data }) => [...(data as Float32Array)]);
}

describe("states", () => {
  test("are kept between runs, and forgotten with a new sequence", async () => {
    using session = await InferenceSession.create(smallModel());
    const [a, b] = [await say(session, [1, 2, 3]), await say(session, [5, 2, 3])];
    assert.notDeepEqual(a[2], b[2]);
    assert.deepEqual(await say(session, [1, 2, 3]), a);
  });

  test("grow past any room they were given", async () => {
    using session = await InferenceSession.create(smallModel());
    const tokens = Array.from({ length: 200 }, (_, i) => (i * 7) % 60);
    const long = await say(session, tokens);
    assert.deepEqual((await say(session, tokens.slice(0, 20))).at(-1), long[19]);
    assert.ok(new Set(long.map(String)).size > 190);
  });

  test("of other lengths of what was heard do not mix", async () => {
    using session = await InferenceSession.create(smallModel());
    const short = await say(session, [1, 2], noise(500, 3));
    await say(session, [1, 2], noise(60_000, 4));
    assert.deepEqual(await say(session, [1, 2], noise(500, 3)), short);
  });
});

describe("what cannot be looked up", () => {
  for (const kernels of ["simd", "reference"] as const) {
    test(`a token beyond the vocabulary is an error that says the range (${kernels})`, async () => {
      using session = await InferenceSession.create(smallModel(), { kernels });
      const [[logits], [last]] = [await say(session, [-1]), await say(session, [60])];
      assert.deepEqual(logits, last);
      for (const id of [61, -62, 2 ** 32, -(2 ** 40)]) {
        await assert.rejects(say(session, [id]), {
          code: "shape",
          message: /expected an index from -61 to 60, found -?\d+$/,
        });
      }
    });

    test(`a step before anything was heard has no keys to attend to (${kernels})`, async () => {
      using session = await InferenceSession.create(smallModel(), { kernels });
      await assert.rejects(session.run({ token: token(1) }, { graph: "step" }), {
        code: "shape",
        message: /^Attention/,
      });
    });
  }
});

describe("a packed file", () => {
  const bytes = writeOvx(smallModel());

  test("gives the bits of the model it was made of, read whole or in parts", async () => {
    using direct = await InferenceSession.create(smallModel());
    const expected = await say(direct, [1, 2]);
    for (const source of [bytes, fileOf(bytes)]) {
      using session = await InferenceSession.create(source);
      assert.deepEqual(await say(session, [1, 2]), expected);
    }
  });

  test("that is damaged anywhere is refused", async () => {
    // Zeros may be padding, which means nothing.
    for (let at = 0; at < bytes.length; at += 997)
      if (bytes[at] !== 0)
        await assert.rejects(InferenceSession.create(bytes.with(at, bytes[at] ^ 16)), { code: "format" });
  });
});

describe("kernels", () => {
  test("that do not exist are refused, asked for or named by the environment", async () => {
    const error = {
      code: "argument",
      message: /kernels: expected reference, simd, relaxed, wide, found turbo/,
    };
    await assert.rejects(InferenceSession.create(only(adding), { kernels: "turbo" as KernelChoice }), error);
    process.env.OCTAVOX_KERNELS = "turbo";
    try {
      await assert.rejects(InferenceSession.create(only(adding)), error);
      process.env.OCTAVOX_KERNELS = "simd";
      using session = await InferenceSession.create(only(adding));
      assert.equal(session.kernels, "simd");
    } finally {
      delete process.env.OCTAVOX_KERNELS;
    }
  });

  test("that cannot run here give way to others, and the session says so", async () => {
    using session = await InferenceSession.create(only(adding), { kernels: "wide" });
    assert.notEqual(session.kernels, "wide");
    assert.match(session.notice!, /^wide kernels cannot run on this host/);
  });

  test("an operator that nothing here runs is named, with its node", async () => {
    const odd = { ...adding, nodes: [{ ...adding.nodes[0], op: "Mystery", name: "odd" }] };
    await assert.rejects(InferenceSession.create(only(odd)), {
      code: "unsupported",
      message: /^operator Mystery of node "odd"/,
    });
  });
});
