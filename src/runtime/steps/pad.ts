// The binder of padding by values of the input itself, along one axis; padding by zeros is part of the windows' own work.

import { elementBytes } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims } from "../operand.ts";
import type { Binder } from "../step.ts";

export const pad: Binder = {
  bind(site) {
    const [dims, out, pads] = [
      fixedDims(site.inputs[0]),
      fixedDims(site.outputs[0]),
      site.constant(1)?.numbers(),
    ];
    const { mode = "constant" } = site.node.attributes as { mode?: string };
    const rank = dims?.length ?? 0;
    if (!dims || !out || pads?.length !== 2 * rank || site.inputs[3]) return undefined;
    const axis = pads.findIndex((count) => count !== 0) % rank;
    const [before, after] = [pads[axis], pads[axis + rank]];
    const others = pads.some((count, at) => count !== 0 && at % rank !== axis);
    const [size, inner] = [dims[axis], sizeOf(dims.slice(axis + 1)) * elementBytes(site.outputs[0].dtype)];
    if (others || !(axis >= 0) || before < 0 || after < 0 || size === 0) return undefined;
    const source = Object.hasOwn(sources, mode) && sources[mode](size);
    if (!source || (mode === "reflect" && Math.max(before, after) >= size)) return undefined;
    const [x, y, outer] = [site.inputs[0]!.pointer, site.outputs[0].pointer, sizeOf(dims.slice(0, axis))];
    const edges = [...edge(0, before), ...edge(before + size, after)].map((to) => [to, source(to - before)]);
    return ({ views: { u8 } }) => {
      for (let row = 0, from = x, to = y; row < outer; row++, from += size * inner) {
        u8.copyWithin(to + before * inner, from, from + size * inner);
        for (const [place, value] of edges)
          u8.copyWithin(to + place * inner, from + value * inner, from + (value + 1) * inner);
        to += (before + size + after) * inner;
      }
    };
  },
};

const edge = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Which value stands at a place outside, by the operator's mode. */
const sources: Readonly<Record<string, (size: number) => (place: number) => number>> = {
  reflect: (size) => (place) => (place < 0 ? -place : 2 * (size - 1) - place),
  edge: (size) => (place) => (place < 0 ? 0 : size - 1),
};
