import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { floats, imported, ints, type NodeInit, node, noise, results } from "./testing.ts";
import { type LoopParts, loop, zeros } from "./testing-loops.ts";

const [time, features, hidden, projected] = [5, 3, 4, 2];
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const split = (parts: number) => node("Split gates: axis sums", { num_split: parts });

const close = (found: ArrayLike<number>, expected: readonly number[]): void => {
  assert.equal(found.length, expected.length);
  expected.forEach(
    (value, i) => void assert.ok(Math.abs(found[i] - value) < 1e-5, `${i}: ${found[i]}, not ${value}`),
  );
};

/** v·K for K [v.length, columns] */
const times = (v: readonly number[], k: readonly number[]): number[] => {
  const columns = k.length / v.length;
  return Array.from({ length: columns }, (_, j) =>
    v.reduce((sum, value, i) => sum + value * k[i * columns + j], 0),
  );
};

const lstm = {
  kernel: noise((features + projected) * 4 * hidden, 2),
  bias: noise(4 * hidden, 3),
  peepholes: ["wi", "wf", "wo"].map((_, i) => noise(hidden, 4 + i)),
  projection: noise(hidden * projected, 8),
  h: noise(projected, 9),
};

/** LSTMCell with peepholes and projection. Sums and products are in another order than TensorFlow writes them. */
function lstmLoop(change: Partial<LoopParts> = {}): NodeInit[] {
  const [wi, wf, wo] = lstm.peepholes;
  return loop({
    ...{ time, features },
    states: [
      { name: "c", initial: zeros("c", hidden), next: "c2" },
      { name: "h", initial: [floats("h0", lstm.h, [1, projected])], next: "h2" },
    ],
    weights: [
      ...[floats("k", lstm.kernel, [features + projected, 4 * hidden]), floats("b", lstm.bias)],
      ...[
        floats("wi", wi),
        floats("wf", wf),
        floats("wo", wo),
        floats("p", lstm.projection, [hidden, projected]),
      ],
      floats("forget", [1], []),
    ],
    cell: [
      ...[ints("axis", [1], []), node("ConcatV2 side: row h axis", { N: 2 }), node("MatMul product: side k")],
      ...[node("BiasAdd sums: product b"), split(4)],
      ...[node("Mul pi: c wi"), node("Add ai: pi gates"), node("Sigmoid i: ai")],
      ...[
        node("Mul pf: wf c"),
        node("Add af: gates:2 forget"),
        node("Add af2: pf af"),
        node("Sigmoid f: af2"),
      ],
      ...[node("Tanh j: gates:1"), node("Mul new: j i"), node("Mul old: c f"), node("Add c2: new old")],
      ...[node("Mul po: wo c2"), node("AddV2 ao: gates:3 po"), node("Sigmoid o: ao")],
      ...[node("Tanh seen: c2"), node("Mul m: seen o"), node("MatMul h2: m p")],
    ],
    ...change,
  });
}

/** h of every step. */
function lstmSteps(x: readonly number[]): number[][] {
  const [wi, wf, wo] = lstm.peepholes;
  let [h, c] = [lstm.h, new Array<number>(hidden).fill(0)];
  return Array.from({ length: time }, (_, t) => {
    const sums = times([...x.slice(t * features, (t + 1) * features), ...h], lstm.kernel).map(
      (v, i) => v + lstm.bias[i],
    );
    const gate = (g: number, i: number) => sums[g * hidden + i];
    const next = c.map(
      (v, i) =>
        sigmoid(gate(2, i) + 1 + wf[i] * v) * v + sigmoid(gate(0, i) + wi[i] * v) * Math.tanh(gate(1, i)),
    );
    h = times(
      next.map((v, i) => sigmoid(gate(3, i) + wo[i] * v) * Math.tanh(v)),
      lstm.projection,
    );
    c = next;
    return h;
  });
}

const x = noise(time * features, 20);

describe("a loop around an LSTM cell", () => {
  test("becomes one LSTM with peepholes, projection and the state it begins with, and gives its last state", () => {
    const nodes = [...lstmLoop(), node("Neg y: h/exit")];
    const [{ nodes: made }] = imported(nodes).graphs;
    const layer = made.find(({ op }) => op === "LSTM")!;
    assert.equal(layer.inputs.length, 9);
    assert.equal(layer.inputs[6], "", "c begins with zeros");
    const { y } = results(nodes, { x });
    assert.deepEqual(y.dims, [1, projected]);
    close(
      y.numbers(),
      lstmSteps(x)
        .at(-1)!
        .map((v) => -v),
    );
  });

  test("gives the results of all steps where a TensorArray gathers them", () => {
    const nodes = [...lstmLoop({ written: "h2" }), node("Neg y: all")];
    const { y } = results(nodes, { x });
    assert.deepEqual(y.dims, [time, 1, projected]);
    close(
      y.numbers(),
      lstmSteps(x)
        .flat()
        .map((v) => -v),
    );
  });
});

/** GRUCell number n, of what it reads. Its gates are split before or after the sigmoid. */
function gru(n: number, row: string, splitFirst: boolean): NodeInit[] {
  const at = (name: string) => `${name}${n}`;
  const gates = splitFirst
    ? [
        node(`Split ${at("s")}: axis ${at("g")}`, { num_split: 2 }),
        ...[node(`Sigmoid ${at("r")}: ${at("s")}`), node(`Sigmoid ${at("u")}: ${at("s")}:1`)],
      ]
    : [
        node(`Sigmoid ${at("both")}: ${at("g")}`),
        node(`Split ${at("s")}: axis ${at("both")}`, { num_split: 2 }),
        ...[node(`Identity ${at("r")}: ${at("s")}`), node(`Identity ${at("u")}: ${at("s")}:1`)],
      ];
  return [
    ...[
      node(`ConcatV2 ${at("side")}: ${row} ${at("h")} axis`),
      node(`MatMul ${at("p")}: ${at("side")} ${at("k")}`),
    ],
    ...[node(`BiasAdd ${at("g")}: ${at("p")} ${at("b")}`), ...gates],
    ...[
      node(`Mul ${at("rh")}: ${at("r")} ${at("h")}`),
      node(`ConcatV2 ${at("side2")}: ${row} ${at("rh")} axis`),
    ],
    ...[
      node(`MatMul ${at("q")}: ${at("side2")} ${at("kc")}`),
      node(`BiasAdd ${at("a")}: ${at("q")} ${at("bc")}`),
    ],
    ...[node(`Tanh ${at("new")}: ${at("a")}`), node(`Sub ${at("less")}: unit ${at("u")}`)],
    ...[
      node(`Mul ${at("kept")}: ${at("u")} ${at("h")}`),
      node(`Mul ${at("added")}: ${at("less")} ${at("new")}`),
    ],
    node(`Add ${at("next")}: ${at("kept")} ${at("added")}`),
  ];
}

const gruWeights = [features, hidden].map((size, n) => ({
  k: noise((size + hidden) * 2 * hidden, 30 + n),
  b: noise(2 * hidden, 40 + n),
  kc: noise((size + hidden) * hidden, 50 + n),
  bc: noise(hidden, 60 + n),
}));

function gruSteps(rows: readonly number[][], { k, b, kc, bc }: (typeof gruWeights)[0]): number[][] {
  let h = new Array<number>(hidden).fill(0);
  return rows.map((row) => {
    const gates = times([...row, ...h], k).map((v, i) => sigmoid(v + b[i]));
    const reset = h.map((v, i) => gates[i] * v);
    const candidates = times([...row, ...reset], kc).map((v, i) => Math.tanh(v + bc[i]));
    h = h.map((v, i) => gates[hidden + i] * v + (1 - gates[hidden + i]) * candidates[i]);
    return h;
  });
}

test("a loop around two GRU cells becomes two layers, the second on all results of the first", () => {
  const nodes = loop({
    ...{ time, features },
    states: [0, 1].map((n) => ({ name: `h${n}`, initial: zeros(`h${n}`, hidden), next: `next${n}` })),
    weights: [
      floats("unit", [1], []),
      ...gruWeights.flatMap(({ k, b, kc, bc }, n) => [
        floats(`k${n}`, k, [k.length / (2 * hidden), 2 * hidden]),
        ...[floats(`b${n}`, b), floats(`kc${n}`, kc, [kc.length / hidden, hidden]), floats(`bc${n}`, bc)],
      ]),
    ],
    cell: [ints("axis", [1], []), ...gru(0, "row", false), ...gru(1, "next0", true)],
  });
  const whole = [...nodes, node("Neg y: h1/exit")];
  const [{ nodes: made }] = imported(whole).graphs;
  assert.equal(made.filter(({ op }) => op === "GRU").length, 2);
  const rows = Array.from({ length: time }, (_, t) => x.slice(t * features, (t + 1) * features));
  const expected = gruSteps(gruSteps(rows, gruWeights[0]), gruWeights[1]).at(-1)!;
  close(
    results(whole, { x }).y.numbers(),
    expected.map((v) => -v),
  );
});

describe("a loop of another kind is refused, and what is in the way is named", () => {
  const refused = (nodes: readonly NodeInit[], message: RegExp) =>
    assert.throws(() => imported([...nodes, node("Neg y: h/exit")]), { code: "unsupported", message });
  const changed = (name: string, other: NodeInit) =>
    lstmLoop().map((each) => (each.name === name ? other : each));

  test("another formula", () =>
    refused(changed("j", node("Relu j: gates:1")), /"goes\/on".*cells of LSTM and GRU.*"c2"/));
  test("a gate that sees another value", () =>
    refused(changed("pf", node("Mul pf: wf/enter j")), /cells of LSTM and GRU/));
  test("fewer rounds than the sequence has steps", () =>
    refused(lstmLoop({ limit: time - 1 }), /as many steps.*"row"/));
  test("a counter that steps by two", () =>
    refused(changed("t/next", node("Add t/next: t two")).concat(ints("two", [2], [])), /a counter from 0/));
  test("weights that are computed", () =>
    refused(
      changed("k", node("Neg k: k0")).concat(floats("k0", lstm.kernel, [features + projected, 4 * hidden])),
      /cells of LSTM/,
    ));
  test("weights whose sizes contradict each other", () =>
    refused(changed("p", floats("p", noise(3 * projected), [3, projected])), /weights whose sizes agree/));
  test("a value that does not go round", () =>
    refused(changed("h/again", node("Neg h/again: h2")), /Enter, Merge, Switch/));
});
