import assert from "node:assert/strict";
import { test } from "node:test";
import { runGraph } from "../reference/run.ts";
import { checkContinued, continueWith } from "./continue.ts";
import { graph, node, noise, OPSET } from "./testing-text.ts";

const encoder = graph({
  inputs: { sound: [2, 3] },
  constants: { w: noise([3, 3], 1) },
  nodes: ["MatMul: sound w → heard"],
});
const decoder = graph({
  inputs: { token: [1], heard: [2, 3] },
  constants: { w: noise([3, 3], 2) },
  nodes: ["MatMul: heard w → x", "Add: x x → now.keys", "Mul: token x → logits"],
  outputs: ["logits", "now.keys"],
});
const how = { file: "decoder", input: "heard", outputs: "now." };

test("a graph goes on with the part of another that the outputs wanted need, whatever values are called there", () => {
  const whole = continueWith(encoder, decoder, how);
  checkContinued(whole, encoder);
  assert.deepEqual(
    whole.outputs.map(({ name }) => name),
    ["now.keys"],
  );
  const sound = noise([2, 3], 3);
  const { heard } = runGraph(encoder, { sound }, OPSET);
  const want = runGraph(decoder, { token: noise([1], 4), heard }, OPSET);
  assert.deepEqual(runGraph(whole, { sound }, OPSET)["now.keys"], want["now.keys"]);
});

test("what needs more than the graph before has is an error that names it", () => {
  const whole = continueWith(encoder, decoder, { ...how, outputs: "logits" });
  assert.throws(() => checkContinued(whole, encoder), {
    code: "format",
    message: /depend on sound alone, found they need "test\/token" too/,
  });
});

test("outputs that do not come from what the graph before returns are an error", () => {
  for (const outputs of ["token", "none"])
    assert.throws(() => continueWith(encoder, decoder, { ...how, outputs }), { code: "format" });
  assert.throws(() => continueWith(decoder, decoder, how), { code: "format", message: /2 outputs, then 1/ });
});

test("a graph inside of a node that has to move is refused", () => {
  const inner = graph({ nodes: ["Identity: heard → y"] });
  const branching = graph({
    inputs: { sure: [], heard: [2, 3] },
    nodes: [node("If: sure → now.keys", { then_branch: inner, else_branch: inner })],
  });
  assert.throws(() => continueWith(encoder, branching, how), {
    code: "unsupported",
    message: /graph inside/,
  });
});
