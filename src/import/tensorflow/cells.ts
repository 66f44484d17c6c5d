// Recurrent cells, recognised by their formulas rather than by names: whatever adds and multiplies like an LSTM or a GRU is
// one. Which part of a Split is which gate follows from what is done with it.

import type { Expressions, Linear } from "./expressions.ts";

/** A value that a loop carries from one round to the next. */
export interface Variable {
  /** Before the first round; a value outside. */
  initial: string;
  /** In a round, as it was left by the one before. */
  now: string;
  /** As this round leaves it. */
  next: string;
  /** After the last round; undefined where nobody asks. */
  exit: string | undefined;
}

/** Columns of a kernel that belong to a gate: the place-th of equal parts; what is added to its bias. */
export interface Gate {
  place: number;
  bias: readonly number[];
  /** Peephole weights, of an LSTM. */
  peephole: readonly number[] | undefined;
}

/** c′ = σ(forget)∘c + σ(input)∘tanh(candidate); h′ = (σ(output)∘tanh(c′))·projection */
export interface LstmCell {
  op: "LSTM";
  x: string;
  h: Variable;
  c: Variable;
  sums: Linear;
  gates: Record<"input" | "output" | "forget" | "candidate", Gate>;
  /** Value of a constant [hidden, projected]. */
  projection: string | undefined;
}

/** h′ = u∘h + (1 − u)∘tanh(candidate), the candidate's sums being of x and r∘h */
export interface GruCell {
  op: "GRU";
  x: string;
  h: Variable;
  sums: Linear;
  places: Record<"update" | "reset", number>;
  candidate: Linear;
}

export type Cell = LstmCell | GruCell;

export function lstmOf(c: Variable, h: Variable, look: Expressions): LstmCell | undefined {
  const [kept, added] = look
    .terms(c.next)
    .map((term) => look.factors(term))
    .sort(first((list) => list.includes(c.now)));
  const forgetting = kept && look.other(kept, c.now);
  if (forgetting === undefined || added?.length !== 2) return undefined;
  const [writing, candidate] = added.toSorted(first((factor) => look.of(factor, "Sigmoid") !== undefined));
  const projected = look.of(h.next, "MatMul");
  const cell = look.factors(projected ? (projected.inputs[0] ?? "") : h.next);
  const [reading, squashed] = cell.toSorted(first((factor) => look.of(factor, "Sigmoid") !== undefined));
  if (cell.length !== 2 || look.of(squashed, "Tanh")?.inputs[0] !== c.next) return undefined;
  const found = {
    input: gateOf(writing, "Sigmoid", c.now, look),
    output: gateOf(reading, "Sigmoid", c.next, look),
    forget: gateOf(forgetting, "Sigmoid", c.now, look),
    candidate: gateOf(candidate, "Tanh", undefined, look),
  };
  const { input, output, forget, candidate: written } = found;
  if (!input || !output || !forget || !written) return undefined;
  const wholes = new Set([input, output, forget, written].map(({ whole }) => whole));
  const sums = wholes.size === 1 ? look.linear(input.whole) : undefined;
  const x = sums && look.other(sums.inputs, h.now);
  if (!sums || x === undefined) return undefined;
  const gates = { input, output, forget, candidate: written };
  return { op: "LSTM", x, h, c, sums, gates, projection: projected?.inputs[1] };
}

/** Sorts what a test holds for to the front. */
function first<T>(test: (value: T) => boolean): (a: T, b: T) => number {
  return (a, b) => Number(test(b)) - Number(test(a));
}

/** f(part of a Split + constants + peephole∘memory) */
function gateOf(value: string, activation: string, memory: string | undefined, look: Expressions) {
  const node = look.of(value, activation);
  if (!node) return undefined;
  const terms = look.terms(node.inputs[0] ?? "");
  const [part, second] = terms.filter((term) => look.part(term));
  const found = part === undefined ? undefined : look.part(part);
  if (part === undefined || !found || second !== undefined || found.parts !== 4) return undefined;
  const rest = terms.filter((term) => term !== part);
  const [seen, ...more] = rest.filter((term) => !look.constant(term));
  const weights =
    seen === undefined || memory === undefined ? undefined : look.other(look.factors(seen), memory);
  if (more.length > 0 || (seen !== undefined && weights === undefined)) return undefined;
  const peephole = weights === undefined ? undefined : look.constant(weights);
  if (weights !== undefined && peephole?.dtype !== "float32") return undefined;
  const width = peephole?.size ?? widthOf(rest, look);
  const bias = look.vector(
    rest.filter((term) => term !== seen),
    width,
  );
  return bias && { ...found, bias, peephole: peephole?.numbers() };
}

/** Of the longest constant; numbers stand for any. */
function widthOf(values: readonly string[], look: Expressions): number {
  return Math.max(1, ...values.map((value) => look.constant(value)?.size ?? 1));
}

export function gruOf(h: Variable, look: Expressions): GruCell | undefined {
  const [kept, added] = look
    .terms(h.next)
    .map((term) => look.factors(term))
    .sort(first((list) => list.includes(h.now)));
  const update = kept && look.other(kept, h.now);
  if (update === undefined || added?.length !== 2) return undefined;
  const [squashed, rest] = added.toSorted(first((factor) => look.of(factor, "Tanh") !== undefined));
  const less = look.of(rest, "Sub");
  if (look.scalar(less?.inputs[0] ?? "") !== 1 || less?.inputs[1] !== update) return undefined;
  const candidate = look.linear(look.of(squashed, "Tanh")?.inputs[0] ?? "");
  const u = sigmoidPart(update, look);
  const sums = u && look.linear(u.whole);
  const x = sums && look.other(sums.inputs, h.now);
  if (!candidate || !u || !sums || x === undefined) return undefined;
  const gated = look.other(candidate.inputs, x);
  const reset = gated === undefined ? undefined : look.other(look.factors(gated), h.now);
  const r = reset === undefined ? undefined : sigmoidPart(reset, look);
  if (r?.whole !== u.whole || String(orderOf(sums, x)) !== String(orderOf(candidate, x))) return undefined;
  return { op: "GRU", x, h, sums, places: { update: u.place, reset: r.place }, candidate };
}

const orderOf = ({ inputs }: Linear, x: string): number => inputs.indexOf(x);

/** σ before a Split of two, or behind it. */
function sigmoidPart(value: string, look: Expressions) {
  const before = look.part(value);
  const [part, sigmoid] = before
    ? [before, look.of(before.whole, "Sigmoid")]
    : [look.part(look.of(value, "Sigmoid")?.inputs[0] ?? ""), undefined];
  if (part?.parts !== 2 || (before && !sigmoid)) return undefined;
  return { place: part.place, whole: sigmoid ? (sigmoid.inputs[0] ?? "") : part.whole };
}
