// How a call of a kernel is cut into parts that several threads run at once. A part is the same call on fewer rows,
// columns, heads or values. No sum is ever cut, so that the number of threads never changes a bit.

import type { KernelFunctions, KernelName } from "../../kernels/functions.ts";
import { splits } from "./splits.ts";

/** The arguments of a call, by position. */
export type Arguments = readonly number[];

/** What a call can be cut along. */
export interface Axis {
  /** The argument that says how many there are. */
  readonly count: number;
  /** Parts are multiples of this: whole tiles, whole vectors. */
  readonly grain: number;
  /** By position, the pointers that a part moves, and by how many bytes for each one skipped. */
  readonly moves: readonly (readonly [argument: number, bytes: (all: Arguments) => number])[];
  /** Pointers to memory of its own that each part gets, as far apart as this says. */
  readonly own?: readonly (readonly [argument: number, bytes: (all: Arguments) => number])[];
}

export interface Split {
  /** The first whose count is more than one grain is taken. */
  readonly axes: readonly Axis[];
  /** Roughly the processor's cycles. */
  readonly work: (all: Arguments) => number;
}

/** The parts of a call: at most `most`, each of whole grains; one when there is nothing to cut. */
export function partsOf({ axes }: Split, all: Arguments, most: number): Arguments[] {
  const axis = axes.find(({ count, grain }) => all[count] > grain);
  if (!axis) return [all];
  const grains = Math.ceil(all[axis.count] / axis.grain);
  const parts = Math.min(most, grains);
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part, part + 1].map((each) =>
      Math.min(all[axis.count], Math.floor((each * grains) / parts) * axis.grain),
    );
    const own = [...all];
    own[axis.count] = to - from;
    for (const [position, bytes] of axis.moves) if (own[position] !== 0) own[position] += from * bytes(all);
    for (const [position, bytes] of axis.own ?? []) own[position] += part * bytes(all);
    return own;
  });
}

/** Every kernel, those of the table cut into parts that `run` gets when they are worth it. */
export function splitting(
  kernels: KernelFunctions,
  run: (name: KernelName, work: number, parts: (most: number) => Arguments[]) => void,
): KernelFunctions {
  const cut = Object.entries(splits).map(([name, split]) => [
    name,
    (...all: number[]) => run(name as KernelName, split.work(all), (most) => partsOf(split, all, most)),
  ]);
  return { ...kernels, ...Object.fromEntries(cut) };
}
