import assert from "node:assert/strict";
import { test } from "node:test";
import { importOnnx } from "../import/onnx/import.ts";
import { type GraphInit, node, onnxFile, value } from "../import/onnx/test-files.ts";
import type { Graph } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import type { PackRecipe } from "../model/recipe.ts";
import { runGraph } from "../reference/run.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { packModel } from "./pack.ts";
import { noise, OPSET } from "./testing-text.ts";

const FLOAT = 1;
const INT8 = 3;
const INT64 = 7;
const BOOL = 9;
const [HEADS, WIDTH, TOKENS] = [2, 4, 9];

const ints = (name: string, ...values: number[]) => ({ name, type: 7, ints: values.map(BigInt) });
const attribute = (name: string, i: number) => ({ name, type: 2, i: BigInt(i) });
const branch = (name: string, g: GraphInit) => ({ name, type: 5, g });

function constant(name: string, dataType: number, dims: readonly number[], values: ArrayLike<number>) {
  const lists: Record<number, string> = { [FLOAT]: "floatData", [INT8]: "int32Data", [INT64]: "int64Data" };
  const data = Array.from(values, (x) => (dataType === INT64 ? BigInt(x) : x));
  return { name, dataType, dims: dims.map(BigInt), [lists[dataType]]: data };
}

/** Both branches in the same words, as exporters write them: the past is there in one of them only. */
function decoderBranch(usesPast: boolean): GraphInit {
  const all = usesPast
    ? node("Concat: past.0.key keys → present.0.key", { name: "grow", attribute: [attribute("axis", 2)] })
    : node("Identity: keys → present.0.key", { name: "grow" });
  return {
    name: usesPast ? "with_past" : "without",
    initializer: [
      constant("split", INT64, [4], [0, 0, HEADS, WIDTH]),
      constant("join", INT64, [3], [0, 0, HEADS * WIDTH]),
    ],
    node: [
      node("Gather: table token → rows", { name: "look" }),
      node("DequantizeLinear: rows scale zero → embedded", { name: "expand" }),
      node("Reshape: embedded split → parts", { name: "split" }),
      node("Transpose: parts → keys", { name: "heads", attribute: [ints("perm", 0, 2, 1, 3)] }),
      all,
      node("Transpose: present.0.key → turned", { name: "turn", attribute: [ints("perm", 0, 1, 3, 2)] }),
      node("MatMul: keys turned → scores", { name: "compare" }),
      node("Softmax: scores → weights", { name: "weigh", attribute: [attribute("axis", -1)] }),
      node("MatMul: weights present.0.key → found", { name: "fetch" }),
      node("Transpose: found → together", { name: "back", attribute: [ints("perm", 0, 2, 1, 3)] }),
      node("Reshape: together join → joined", { name: "join" }),
      node("Add: joined hidden → state", { name: "hear" }),
      node("MatMul: state heard → logits", { name: "say" }),
    ],
    output: [
      value("logits", ["batch", 1n, BigInt(TOKENS)]),
      value("present.0.key", ["batch", 2n, "now", 4n]),
    ],
  };
}

const bytes = Array.from(noise([TOKENS * HEADS * WIDTH], 5).data, (x) => Math.round(x * 60));
const file = onnxFile({
  input: [
    value("token", ["batch", 1n], INT64),
    value("hidden", ["batch", 1n, BigInt(HEADS * WIDTH)]),
    value("past.0.key", ["batch", 2n, "past", 4n]),
    value("again", [1n], BOOL),
    value("ignored", ["batch"]),
  ],
  initializer: [
    constant("table", INT8, [TOKENS, HEADS * WIDTH], bytes),
    constant("scale", FLOAT, [], [0.02]),
    constant("zero", INT8, [], [3]),
    constant("out", FLOAT, [HEADS * WIDTH, TOKENS], noise([HEADS * WIDTH, TOKENS], 6).data),
    constant("half", FLOAT, [], [0.5]),
  ],
  node: [
    node("Mul: out half → heard"),
    node("If: again → logits present.0.key", {
      attribute: [branch("then_branch", decoderBranch(true)), branch("else_branch", decoderBranch(false))],
    }),
  ],
  output: [value("logits", ["batch", 1n, BigInt(TOKENS)]), value("present.0.key", ["batch", 2n, "now", 4n])],
});

const recipe: PackRecipe = {
  graphs: [
    { name: "start", file: "decoder", bind: { again: false }, sizes: { batch: 1 } },
    { name: "step", file: "decoder", bind: { again: true }, sizes: { batch: 1 } },
  ],
  states: { past: "past.", present: "present." },
};

const pack = () => packModel(recipe, { decoder: file }, { name: "small" });

test("one file becomes the graphs of the recipe, with its values as states", () => {
  const progress: string[] = [];
  const model = packModel(recipe, { decoder: file }, { name: "small" }, ({ done, total, name }) =>
    progress.push(`${done}/${total} ${name}`),
  );
  const [start, step] = model.graphs;
  const names = (graph: Graph) => graph.inputs.map(({ name }) => name);
  assert.deepEqual([start.name, names(start)], ["start", ["token", "hidden"]]);
  assert.deepEqual([step.name, names(step)], ["step", ["token", "hidden", "past.0.key/tokens"]]);
  assert.deepEqual(model.states, [
    { name: "0.key", input: "past.0.key/tokens", output: "present.0.key/tokens" },
  ]);
  assert.deepEqual(progress, ["0/2 start", "1/2 step"]);
  assert.deepEqual([model.opset, model.metadata], [OPSET, { name: "small" }]);
});

test("the graphs share their weights, laid out for the kernels, and need no transposes", () => {
  const [start, step] = pack().graphs;
  const matrix = ({ constants, layouts }: Graph) => constants.get([...layouts!.keys()][0]);
  assert.ok(matrix(start) && matrix(start) === matrix(step));
  const operators = new Set([start, step].flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  assert.deepEqual(
    [...operators].sort(),
    ["Add", "Attention", "Concat", "GatherDequantize", "MatMul"].sort(),
  );
});

test("the packed model says what the published one says, step by step", async () => {
  const model = pack();
  assert.deepEqual(readOvx(writeOvx(model)).graphs, model.graphs);
  using session = await InferenceSession.create(writeOvx(model));
  const {
    graphs: [published],
  } = importOnnx(file);
  let past = new Tensor("float32", new Float32Array(0), [1, HEADS, 0, WIDTH]) as Tensor;
  for (const [index, id] of [3, 8, 0, 3, 5].entries()) {
    const feeds = {
      token: new Tensor("int64", [id], [1, 1]),
      hidden: noise([1, 1, HEADS * WIDTH], index + 1),
    };
    const again = new Tensor("bool", [index > 0 ? 1 : 0]);
    const ignored = new Tensor("float32", [0]);
    const want = runGraph(published, { ...feeds, ignored, again, "past.0.key": past }, OPSET);
    const { logits } = await session.run(feeds, { graph: index === 0 ? "start" : "step" });
    past = want["present.0.key"];
    const worst = Math.max(...logits.numbers().map((x, i) => Math.abs(x - want.logits.numbers()[i])));
    assert.ok(worst < 1e-5, `step ${index} differs by ${worst}`);
  }
});

test("an error in a file names the file as the recipe does", () => {
  assert.throws(() => packModel(recipe, { decoder: file.subarray(0, 100) }), {
    code: "format",
    message: /^decoder: /,
  });
});

/** z = −y, y = h + x, or h − x at another rate than 16; what comes back is y. */
const voice = onnxFile({
  input: [value("x", ["batch", 2n]), value("h", ["batch", 2n]), value("rate", [], INT64)],
  initializer: [constant("sixteen", INT64, [], [16])],
  node: [
    node("Equal: rate sixteen → fast"),
    node("If: fast → y", {
      attribute: [
        branch("then_branch", { name: "sum", node: [node("Add: h x → a")], output: [value("a", [])] }),
        branch("else_branch", { name: "difference", node: [node("Sub: h x → b")], output: [value("b", [])] }),
      ],
    }),
    node("Neg: y → z"),
  ],
  output: [value("y", ["batch", 2n]), value("z", ["batch", 2n])],
});

test("an input bound to a number decides branches, and an output fed back is a state", async () => {
  for (const [rate, op, results] of [
    [16, "Add", [1, 2, 3]],
    [8, "Sub", [-1, -2, -3]],
  ] as const) {
    const graph = { name: "voice", file: "voice", bind: { rate }, sizes: { batch: 1 } };
    const model = packModel({ graphs: [graph], feedback: { h: "y" } }, { voice });
    assert.deepEqual(
      model.graphs[0].nodes.map((each) => each.op),
      [op, "Neg"],
    );
    assert.deepEqual(model.states, [{ name: "h", input: "h", output: "y" }]);
    using session = await InferenceSession.create(writeOvx(model));
    for (const result of results) {
      const { z, ...others } = await session.run({ x: new Tensor("float32", [1, 1], [1, 2]) });
      assert.deepEqual(z.numbers(), [-result, -result]);
      assert.deepEqual(others, {});
    }
  }
});

test("an input that is not there, or of any size, cannot be bound", () => {
  for (const bind of [{ nobody: 1 }, { x: 1 }])
    assert.throws(() => packModel({ graphs: [{ name: "voice", file: "voice", bind }] }, { voice }), {
      code: "argument",
      message: /cannot be bound/,
    });
});
