// What the finish of a kernel with bytes as results takes, made of a node's constants when the plan is made.

import type { Node } from "../../model/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { isVectorOf } from "../operand.ts";
import type { Site } from "../step.ts";

/** Inputs by position. */
const [FACTOR, SHIFT, BIAS] = [2, 3, 4];

/** The limits of a result; those of signed bytes are moved up by 128, and `flip` moves what is stored down again. */
interface Range {
  zero: number;
  low: number;
  high: number;
  flip: number;
}

export function rangeOf({ attributes }: Node): Range {
  const up = attributes.dtype === "int8" ? 128 : 0;
  const of = (name: string, otherwise: number): number => (attributes[name] as number) ?? otherwise;
  const [low, high] = [of("low", -up) + up, of("high", 255 - up) + up];
  return { zero: of("yZero", 0) + up, low: Math.max(low, 0), high: Math.min(high, 255), flip: up };
}

/** What the finish of column `first` and those after it takes, in the order of the kernels' parameters. */
type Finishing = (first: number) => readonly number[];

/** The finish of `n` columns: its name and its arguments; undefined where the kernels have none. */
export function finishOf(site: Site, n: number): { fixed: boolean; values: Finishing } | undefined {
  const { rounding = "double" } = site.node.attributes;
  const [factor, shift, bias] = [FACTOR, SHIFT, BIAS].map((index) => site.constant(index));
  const fixed = rounding === "double";
  if (!factor || (!fixed && rounding !== "even") || fixed !== (shift !== undefined)) return undefined;
  if ((site.inputs[BIAS] && !bias) || !isVectorOf(site.inputs[BIAS], n)) return undefined;
  if ([factor, shift].some((list) => list && list.size !== 1 && list.size !== n)) return undefined;
  if (!fixed && !factor.numbers().every(Number.isFinite)) return undefined;
  const shifts = spread(shift, n, 0);
  if (shifts.some((each) => each < -30 || each > 31)) return undefined;
  const { zero, low, high, flip } = rangeOf(site.node);
  const place = (kind: string, list: Tensor | undefined, make: () => Float32Array | Int32Array): number =>
    site.derived(`${kind} of ${n}`, list ? [list] : [], make);
  const biases = place("bias", bias, () => Int32Array.from(spread(bias, n, 0)));
  const factors = place("factors", factor, () =>
    fixed ? Int32Array.from(spread(factor, n, 0)) : Float32Array.from(spread(factor, n, 0)),
  );
  const arrays = fixed
    ? [
        place("powers", shift, () => Int32Array.from(shifts, (each) => 2 ** (30 + Math.min(each, 0)))),
        place("lefts", shift, () => Int32Array.from(shifts, (each) => 2 ** Math.max(each, 0))),
      ]
    : [];
  return {
    fixed,
    values: (first) => [
      ...[biases + 4 * first, factors + 4 * first, zero, low, high, flip],
      ...arrays.map((pointer) => pointer + 4 * first),
    ],
  };
}

/** One for each column, of a constant that has one for all or one for each. */
function spread(list: Tensor | undefined, n: number, otherwise: number): number[] {
  const values = list?.numbers() ?? [otherwise];
  return values.length === n ? values : new Array<number>(n).fill(values[0]);
}

export function numberOf({ attributes }: Node, name: string): number {
  return (attributes[name] as number | undefined) ?? 0;
}
