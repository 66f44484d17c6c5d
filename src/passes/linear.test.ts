import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseLinear } from "./linear.ts";
import { fuseLstmCell } from "./lstm-cell.ts";
import { apply, becomes, graph, node, noise, ops, sameResults, settle, stays } from "./testing-text.ts";

const constants = { w: noise([4, 6], 1), v: noise([5, 6], 2), b: noise([6], 3), d: noise([6], 4) };
const product = (nodes: readonly string[], rows = 3) =>
  graph({ inputs: { x: [rows, 4], z: [rows, 5] }, constants, nodes });

test("a product and its bias are one step, on either side of the addition", () => {
  for (const sum of ["Add: p b → y", "Add: b p → y"])
    becomes(fuseLinear, product(["MatMul: x w → p", sum]), ["Linear"]);
});

test("a sum of products over one row is a chain of products", () => {
  const nodes = ["MatMul: x w → p", "Add: p b → s", "MatMul: z v → q", "Add: q d → t", "Add: s t → y"];
  const before = product(nodes, 1);
  const after = settle(before, fuseLinear);
  assert.deepEqual(ops(after), ["Add", "Linear", "Linear"]);
  sameResults(before, after, 1e-5);
});

test("products over several rows stay apart, and so do products that others read", () => {
  stays(fuseLinear, product(["MatMul: x w → p", "MatMul: z v → q", "Add: p q → y"]));
  stays(fuseLinear, product(["MatMul: x w → p", "Add: p b → s", "Mul: s p → y"]));
});

/** A step as exporters write it; letters are the gates in the order of their quarters. */
function step(order: string, memory = "Mul: F c → kept") {
  const quarters = [...order].join(" ");
  return graph({
    inputs: { s: [2, 12], c: [2, 3] },
    nodes: [
      node(`Split: s → ${quarters}`, { axis: -1 }),
      ...["i", "f", "o"].map((gate) => `Sigmoid: ${gate} → ${gate.toUpperCase()}`),
      ...["Tanh: g → G", memory, "Mul: I G → added", "Add: kept added → next"],
      ...["Tanh: next → seen", "Mul: O seen → h"],
    ],
    outputs: ["h", "next"],
  });
}

for (const order of ["ifgo", "iofg", "fiog"])
  test(`a step of an LSTM written gate by gate is one operator (${order})`, () => {
    const before = step(order);
    const after = settle(before, fuseLstmCell);
    assert.deepEqual(ops(after), ["LstmCell", "Identity"]);
    assert.equal(after.nodes[0].attributes.order, order.replace("g", "c"));
    sameResults(before, after);
  });

test("what uses a gate twice is no step of an LSTM", () => {
  assert.ok(!ops(apply(fuseLstmCell, step("ifgo", "Mul: I c → kept"))).includes("LstmCell"));
});
