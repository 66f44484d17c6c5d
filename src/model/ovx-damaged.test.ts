import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { ovxHeadBytes, PRELUDE_BYTES, readOvx, readOvxHeader, writeOvx } from "./ovx.ts";
import { model } from "./test-model.ts";

/** What the lies below touch of a header. */
interface HeaderJson {
  opset?: number;
  tensors: { offset: number; bytes: number; dims: number[]; dtype: string; layout: string }[];
  graphs: {
    name: string;
    inputs: object[];
    outputs: { name: string }[];
    nodes: { name: string; op: string; inputs: string[]; outputs: string[]; attributes?: object }[];
    constants: [string, number][];
  }[];
  states: { input: string }[];
  metadata: unknown;
}

/** Changes a header in place, or gives another one, or its text. */
type Change = (header: HeaderJson) => unknown;

const file = writeOvx(model);

/** The file with another header, its length and checksum put right. */
function withHeader(change: Change): Uint8Array {
  const end = ovxHeadBytes(file);
  const header: HeaderJson = JSON.parse(new TextDecoder().decode(file.subarray(PRELUDE_BYTES, end)));
  const result = change(header) ?? header;
  const text = new TextEncoder().encode(typeof result === "string" ? result : JSON.stringify(result));
  const dataOffset = Math.ceil((PRELUDE_BYTES + text.length) / 64) * 64;
  const data = file.subarray(Math.ceil(end / 64) * 64);
  const changed = new Uint8Array(dataOffset + data.length);
  changed.set(file.subarray(0, 12));
  new DataView(changed.buffer).setUint32(12, text.length, true);
  new DataView(changed.buffer).setUint32(16, crc32(text), true);
  changed.set(text, PRELUDE_BYTES);
  changed.set(data, dataOffset);
  return changed;
}

function isFormatError(error: unknown): boolean {
  return error instanceof OctavoxError && error.code === "format";
}

describe("a bad file is a format error", () => {
  test("empty, or of another kind", () => {
    assert.throws(() => readOvx(new Uint8Array()), isFormatError);
    assert.throws(() => readOvx(new TextEncoder().encode("RIFF and so on, a wave file")), isFormatError);
  });

  test("cut short at any byte, or with bytes added", () => {
    for (let length = 0; length < file.length; length++) {
      assert.throws(() => readOvx(file.subarray(0, length)), isFormatError, `${length}`);
      assert.throws(() => readOvxHeader(file, length), isFormatError, `${length}`);
    }
    assert.throws(() => readOvx(Uint8Array.from([...file, 0])), isFormatError);
  });

  test("any bits flipped: an error, or the same model when only padding changed", () => {
    const flip = fc.record({ at: fc.nat(file.length - 1), bits: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), (flips) => {
        const damaged = file.slice();
        for (const { at, bits } of flips) damaged[at] ^= bits;
        assert.ok(isFormatErrorOrModel(damaged));
      }),
      { numRuns: 1000 },
    );
  });

  test("any value of the header replaced, with a right checksum: an error or a model, nothing else", () => {
    const odd = fc.constantFrom<unknown>(
      null,
      true,
      -1,
      0.5,
      1e300,
      2 ** 53,
      "",
      "x",
      "__proto__",
      [],
      {},
      [[[]]],
      { tensor: 99 },
      { graph: 1 },
      { number: "9" },
      4,
      64,
    );
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), odd, (path, value) => {
        assert.ok(isErrorOrModel(withHeader((header) => replaceAt(header, path, value))));
      }),
      { numRuns: 1000 },
    );
  });

  const lies: Record<string, Change> = {
    "an offset inside another tensor": (header) => (header.tensors[1].offset = 0),
    "an offset past the end": (header) => (header.tensors[1].offset = 2 ** 40),
    "more bytes than the dims need": (header) => header.tensors[0].bytes++,
    "gigantic dims": (header) => (header.tensors[0].dims = [2 ** 50, 2 ** 50]),
    "gigantic dims and bytes": (header) =>
      Object.assign(header.tensors[0], { dims: [2 ** 40], bytes: 2 ** 42 }),
    "an unknown element type": (header) => (header.tensors[0].dtype = "constructor"),
    "a tensor that is not in the table": (header) => (header.graphs[0].constants[0][1] = 999),
    "panels of floats": (header) => (header.tensors[0].layout = "panels"),
    "a value used before it is made": (header) => header.graphs[0].nodes.reverse(),
    "a value made twice": (header) => (header.graphs[0].nodes[0].outputs = ["x"]),
    "two nodes of one name": (header) => (header.graphs[0].nodes[0].name = "odd"),
    "two graphs of one name": (header) => (header.graphs[0].name = "decoder"),
    "an output nobody makes": (header) => (header.graphs[0].outputs[0].name = "ghost"),
    "a state nobody reads": (header) => (header.states[0].input = "ghost"),
    "a missing key": (header) => delete header.opset,
    "no JSON": () => "{",
    "lists a million deep": () => "[".repeat(1e6),
    "metadata a million deep, closed": (header) =>
      JSON.stringify({ ...header, metadata: 0 }).replace(
        '"metadata":0',
        `"metadata":${"[".repeat(1e6)}${"]".repeat(1e6)}`,
      ),
    "graphs in one another without end": (header) => {
      let body: HeaderJson["graphs"][number] = {
        name: "deep",
        inputs: [],
        outputs: [],
        constants: [],
        nodes: [],
      };
      for (let i = 0; i < 100; i++)
        body = {
          ...body,
          nodes: [{ name: "n", op: "If", inputs: [], outputs: [], attributes: { body: { graph: body } } }],
        };
      header.graphs[0] = body;
    },
  };
  for (const [name, change] of Object.entries(lies))
    test(name, () => {
      const start = performance.now();
      assert.throws(
        () => readOvx(withHeader((header) => (typeof change(header) === "string" ? change(header) : header))),
        isFormatError,
      );
      assert.ok(performance.now() - start < 1000);
    });

  test("a header length beyond all bounds is refused before the header is looked at", () => {
    const damaged = file.slice();
    new DataView(damaged.buffer).setUint32(12, 0xffffffff, true);
    assert.throws(() => readOvxHeader(damaged, 2 ** 40), /at most 16777216/);
  });

  test("a newer version says which octavox reads it", () => {
    const newer = withHeader((header) => ({ ...header, octavox: "3.1.0" }));
    newer[8] = 2;
    assert.throws(() => readOvx(newer), /version 1.*version 2.*octavox 3\.1\.0 or newer/);
  });
});

function isFormatErrorOrModel(bytes: Uint8Array): boolean {
  try {
    assert.deepEqual(readOvx(bytes), model);
    return true;
  } catch (error) {
    return isFormatError(error);
  }
}

function isErrorOrModel(bytes: Uint8Array): boolean {
  try {
    return readOvx(bytes).graphs.length >= 0;
  } catch (error) {
    return isFormatError(error);
  }
}

/** Walks down by the numbers of `path` and replaces where it ends. */
function replaceAt(root: object, path: readonly number[], value: unknown): object {
  let place = root as Record<string, unknown>;
  for (const [i, step] of path.entries()) {
    const keys = Object.keys(place);
    const key = keys[step % keys.length];
    const next = place[key];
    if (
      i === path.length - 1 ||
      typeof next !== "object" ||
      next === null ||
      Object.keys(next).length === 0
    ) {
      place[key] = value;
      break;
    }
    place = next as Record<string, unknown>;
  }
  return root;
}
