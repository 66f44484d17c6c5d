// TensorFlow 1's while loops for tests: the frame around a cell, as tf.nn.dynamic_rnn writes it.

import { floats, input, ints, type NodeInit, node } from "./testing.ts";

export interface LoopParts {
  /** Sizes of the sequence "x". */
  time: number;
  features: number;
  /** States: name, nodes of the value before the first round (its last one's name), value after a round. */
  states: readonly { name: string; initial: readonly NodeInit[]; next: string }[];
  /** Constants of weights; the cell reads them as "name". */
  weights: readonly NodeInit[];
  /** The cell: reads "row", states by their names; the value of a state in a round is "name". */
  cell: readonly NodeInit[];
  /** A value that every round writes to a TensorArray; "all" is the sequence of them. */
  written?: string;
  limit?: number;
}

export const zeros = (name: string, width: number): NodeInit[] => [
  ints(`${name}/sizes`, [1, width]),
  floats(`${name}/zero`, [0], []),
  node(`Fill ${name}/initial: ${name}/sizes ${name}/zero`),
];

const entered = (name: string, constant = true) =>
  node(`Enter ${name}/enter: ${name}`, { is_constant: constant, frame_name: "while" });

/** What goes round under a name: "name" is its value in a round, "name/exit" after the last one. */
function variable(name: string, initial: string, next: string): NodeInit[] {
  return [
    node(`Enter ${name}/start: ${initial}`, { is_constant: false, frame_name: "while" }),
    node(`Merge ${name}/merge: ${name}/start ${name}/again`, { N: 2 }),
    node(`Switch ${name}/fork: ${name}/merge goes/on`),
    node(`Identity ${name}: ${name}/fork:1`),
    node(`NextIteration ${name}/again: ${next}`),
    node(`Exit ${name}/exit: ${name}/fork`),
  ];
}

/** Everything but what reads the results. */
export function loop({
  time,
  features,
  states,
  weights,
  cell,
  written,
  limit = time,
}: LoopParts): NodeInit[] {
  const known = new Set(weights.map(({ name }) => name));
  // Weights enter the frame; the cell reads them there.
  const inside = cell.map((each) => ({
    ...each,
    input: each.input.map((value) => (known.has(value) ? `${value}/enter` : value)),
  }));
  return [
    ...[
      input("x", [time, 1, features]),
      ints("limit", [limit], []),
      ints("zero", [0], []),
      ints("one", [1], []),
    ],
    ...[ints("steps", [time], []), node("Range places: zero steps one")],
    node("TensorArrayV3 array: steps", { clear_after_read: true }),
    node("TensorArrayScatterV3 filled: array places x array:1"),
    ...[entered("array"), entered("filled"), entered("limit"), entered("one")],
    ...variable("t", "zero", "t/next"),
    node("Add t/next: t one/enter"),
    ...[node("Less goes: t/merge limit/enter"), node("LoopCond goes/on: goes")],
    node("TensorArrayReadV3 row: array/enter t filled/enter"),
    ...states.flatMap(({ name, initial, next }) => [
      ...initial,
      ...variable(name, initial.at(-1)!.name, next),
    ]),
    ...weights.flatMap((weight) => [weight, entered(weight.name)]),
    ...inside,
    ...(written === undefined ? [] : results(written)),
  ];
}

function results(written: string): NodeInit[] {
  return [
    node("TensorArrayV3 out: steps"),
    entered("out"),
    ...variable("flow", "out:1", "flow/next"),
    node(`TensorArrayWriteV3 flow/next: out/enter t ${written} flow`),
    node("TensorArrayGatherV3 all: out places flow/exit"),
  ];
}
