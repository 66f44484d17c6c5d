// TensorFlow 1's `while` loops → recurrent layers. A loop is told by its structure: values go round through Merge, Switch
// and NextIteration as long as a counter is below a number, and each round reads a row of a sequence from a TensorArray. What
// such a loop computes must be cells that octavox knows; each becomes one node, of the whole sequence.

import { OctavoxError } from "../../errors.ts";
import { type Cell, gruOf, lstmOf, type Variable } from "./cells.ts";
import { Expressions } from "./expressions.ts";
import { gruWeights, lstmWeights, type Weights } from "./gates.ts";
import type { Known } from "./known.ts";
import { endsOf, producersOf, reachable, type TfNode } from "./nodes.ts";

/** What a node that stands for a loop's layer computes. Its inputs: the sequence [time, batch, features]. */
export interface Layer {
  op: Cell["op"];
  weights: Weights;
  /** States before the first step, [batch, width]; undefined for zeros. */
  initial: { h: string | undefined; c: string | undefined };
}

/** A stack of so many cells would be a deep one. */
const MOST_VARIABLES = 64;

/** A layer in the place of a loop. */
export interface LayerNode extends TfNode {
  layer: Layer;
}

interface LoopVariable extends Variable {
  /** In a round, before it is known whether there is one: what the condition reads. */
  merged: string;
}

interface Loop {
  /** The node that errors name. */
  condition: TfNode;
  states: readonly LoopVariable[];
  counters: readonly LoopVariable[];
  /** TensorArrays that are written, by what is written. */
  written: ReadonlyMap<string, LoopVariable>;
  rounds: number;
  known: Known;
  look: Expressions;
}

/** What the nodes of loops are found by. */
interface Wiring {
  producer: ReadonlyMap<string, TfNode>;
  /** Switches by the value of their condition. */
  forks: ReadonlyMap<string, TfNode[]>;
  /** Exits, and readers of whole TensorArrays, by the value they read. */
  exits: ReadonlyMap<string, TfNode[]>;
  gathers: ReadonlyMap<string, TfNode[]>;
}

function wiringOf(nodes: readonly TfNode[]): Wiring {
  const by = (wanted: string, input: number): Map<string, TfNode[]> =>
    Map.groupBy(
      nodes.filter(({ op }) => op === wanted),
      ({ inputs }) => inputs[input] ?? "",
    );
  return {
    producer: producersOf(nodes),
    ...{ forks: by("Switch", 1), exits: by("Exit", 0), gathers: by("TensorArrayGatherV3", 2) },
  };
}

/** @throws OctavoxError `unsupported` for a loop that is no stack of LSTM and GRU cells */
export function loopsToLayers(nodes: readonly TfNode[], known: Known): TfNode[] {
  const conditions = nodes.filter(({ op }) => op === "LoopCond");
  if (conditions.length === 0) return [...nodes];
  const ends = new Set(endsOf(nodes).flatMap(({ outputs }) => outputs));
  const wiring = wiringOf(nodes);
  const layers = conditions.flatMap((condition) => layersOf(readLoop(condition, wiring, known), wiring));
  const made = new Set(layers.flatMap(({ outputs }) => outputs));
  const rest = nodes.filter(({ outputs }) => !outputs.some((output) => output !== "" && made.has(output)));
  const all = [...rest, ...layers];
  return reachable(
    all,
    all.filter(({ outputs }) => outputs.some((output) => ends.has(output))),
  );
}

function unknownLoop(condition: TfNode, expected: string, found: string): OctavoxError {
  return new OctavoxError("unsupported", `the loop of node "${condition.name}" (${condition.op})`, {
    expected,
    found,
    remedy: "docs/import.md says which loops octavox knows",
  });
}

function readLoop(condition: TfNode, wiring: Wiring, known: Known): Loop {
  const look = new Expressions(known);
  const variables = variablesOf(condition, wiring);
  if (variables.length > MOST_VARIABLES)
    throw unknownLoop(condition, `at most ${MOST_VARIABLES} values that go round`, `${variables.length}`);
  const isCounter = ({ initial, now, next }: Variable): boolean =>
    known.scalar(initial) === 0 && known.scalar(look.other(look.terms(next), now) ?? "") === 1;
  const counters = variables.filter(isCounter);
  const written = new Map<string, LoopVariable>();
  for (const variable of variables) {
    const [, at, value, before] = look.of(variable.next, "TensorArrayWriteV3")?.inputs ?? [];
    if (before === variable.now && counters.some(({ now }) => now === at)) written.set(value, variable);
  }
  const others = new Set([...counters, ...written.values()]);
  return {
    ...{ condition, counters, written, known, look },
    states: variables.filter((variable) => !others.has(variable)),
    rounds: roundsOf(condition, counters, known),
  };
}

/** Values that go round: Enter and NextIteration meet in Merge, and Switch sends them into the next round or out. */
function variablesOf(condition: TfNode, { producer, forks, exits }: Wiring): LoopVariable[] {
  const from = (value: string | undefined, op: string): TfNode | undefined => {
    const node = producer.get(value ?? "");
    return node?.op === op ? node : undefined;
  };
  return (forks.get(condition.outputs[0]) ?? []).map(({ name, inputs }) => {
    const merge = from(inputs[0], "Merge");
    const [initial] = from(merge?.inputs[0], "Enter")?.inputs ?? [];
    const [next] = from(merge?.inputs[1], "NextIteration")?.inputs ?? [];
    if (!merge || initial === undefined || next === undefined)
      throw unknownLoop(condition, "Enter, Merge, Switch and NextIteration around a value", `"${name}"`);
    const exit = exits.get(name)?.[0];
    return { initial, now: `${name}:1`, next, merged: merge.outputs[0], exit: exit?.outputs[0] };
  });
}

/** As long as counters from 0 are less than numbers. */
function roundsOf(condition: TfNode, counters: readonly LoopVariable[], known: Known): number {
  const limits: number[] = [];
  const waiting = [condition.inputs[0] ?? ""];
  for (let value = waiting.pop(); value !== undefined && limits.length < 16; value = waiting.pop()) {
    const node = known.source(value);
    if (node?.op === "LogicalAnd" && waiting.length < 16) waiting.push(...node.inputs);
    else {
      const [left = "", right = ""] = node?.op === "Less" ? node.inputs : [];
      const limit = known.scalar(right);
      if (limit === undefined || !counters.some(({ merged }) => merged === left))
        throw unknownLoop(condition, "a counter from 0 that is less than a known number", `"${value}"`);
      limits.push(limit);
    }
  }
  return Math.min(...limits);
}

function layersOf(loop: Loop, { gathers }: Wiring): TfNode[] {
  const cells = cellsOf(loop);
  const layers = cells.map((cell) => layerOf(cell, cells, loop));
  // Results of all steps, where they are asked for.
  const copies = [...loop.written].flatMap(([value, { exit }]) =>
    (gathers.get(exit ?? "") ?? []).map((gather) => ({
      ...gather,
      op: "Identity",
      inputs: [value],
      attr: {},
    })),
  );
  return [...layers, ...copies];
}

function cellsOf({ condition, states, look }: Loop): Cell[] {
  const cells: Cell[] = [];
  const taken = new Set<Variable>();
  for (const state of states) {
    if (taken.has(state)) continue;
    const gru = gruOf(state, look);
    const lstms = gru ? [] : states.flatMap((h) => (h === state ? [] : (lstmOf(state, h, look) ?? [])));
    const cell = gru ?? lstms[0];
    if (!cell) continue;
    cells.push(cell);
    taken.add(cell.h).add(cell.op === "LSTM" ? cell.c : cell.h);
  }
  const left = states.find((state) => !taken.has(state));
  if (left)
    throw unknownLoop(condition, "cells of LSTM and GRU", `"${left.next}", which is computed otherwise`);
  return cells;
}

/** The node of a cell. Its results: h of every step, h and c of the last one; of those that are not asked for, "". */
function layerOf(cell: Cell, cells: readonly Cell[], loop: Loop): LayerNode {
  const { look, known, condition, written } = loop;
  const weights =
    cell.op === "GRU"
      ? gruWeights(cell)
      : lstmWeights(cell, cell.projection === undefined ? undefined : look.constant(cell.projection));
  if (!weights)
    throw unknownLoop(condition, "constant weights whose sizes agree", `others in "${cell.h.next}"`);
  const c = cell.op === "LSTM" ? cell.c : undefined;
  const all = written.has(cell.h.next) || cells.some(({ x }) => x === cell.h.next);
  const before = cells.find(({ h }) => h.next === cell.x);
  const initial = { h: nonZero(cell.h, known), c: c && nonZero(c, known) };
  const x = before ? cell.x : sequenceOf(cell.x, loop);
  const states = [initial.h, initial.c].filter((value) => value !== undefined);
  return {
    ...{ name: scopeOf(cell), op: cell.op, attr: {}, attributes: {} },
    inputs: [x, ...states],
    outputs: [all ? cell.h.next : "", cell.h.exit ?? "", c?.exit ?? ""],
    layer: { op: cell.op, weights, initial },
  };
}

/** [time, batch, features] that a round reads one row of: TensorArrayReadV3 of what TensorArrayScatterV3 put in. */
function sequenceOf(value: string, { condition, counters, rounds, known, look }: Loop): string {
  const [, at, flow] = look.of(value, "TensorArrayReadV3")?.inputs ?? [];
  const [, places, sequence] = look.of(flow ?? "", "TensorArrayScatterV3")?.inputs ?? [];
  const order = places === undefined ? undefined : known.numbers(places);
  const whole = order?.length === rounds && order.every((place, i) => place === i);
  if (whole && counters.some(({ now }) => now === at)) return sequence;
  throw unknownLoop(
    condition,
    "cells that read a sequence of as many steps as the loop has rounds",
    `"${value}"`,
  );
}

/** A state to begin with; undefined for zeros. */
function nonZero({ initial }: Variable, known: Known): string | undefined {
  const fill = known.source(initial);
  const zero =
    fill?.op === "Fill"
      ? known.scalar(fill.inputs[1] ?? "") === 0
      : known
          .constant(initial)
          ?.numbers()
          .every((value) => value === 0);
  return zero ? undefined : initial;
}

/** What the names of its kernels have in common, in parts between slashes: "rnn/lstm_cell". */
function scopeOf(cell: Cell): string {
  const kernels = cell.op === "GRU" ? [cell.sums.name, cell.candidate.name] : [cell.sums.name];
  const [own, ...others] = kernels.map((name) => name.split("/").slice(0, -1));
  const end = own.findIndex((part, i) => others.some((other) => other[i] !== part));
  return own.slice(0, end === -1 ? own.length : end).join("/") || cell.op;
}
