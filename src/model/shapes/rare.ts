// Shape rules of operators that few models have once they are packed.

import { add, type Dim, floorDiv, isConstant, mul } from "../dim.ts";
import { type Facts, fact, type Rules, type Site } from "./site.ts";

function tile(site: Site): Facts {
  const [dims, repeats] = [site.dims(0), site.value(1)];
  if (!dims || !repeats) return site.like(0, undefined);
  return site.like(
    0,
    dims.map((dim, i) => mul(dim, repeats[i])),
  );
}

/** Blocks of channels to squares of pixels (1) or back (−1). */
function depthSpace(direction: 1 | -1) {
  return (site: Site): Facts => {
    const dims = site.ranked(0, 4);
    if (!dims) return site.like(0, undefined);
    const block = site.number("blocksize", 1);
    const [n, c, h, w] = dims;
    return direction === 1
      ? site.like(0, [n, floorDiv(c, block * block), mul(h, block), mul(w, block)])
      : site.like(0, [n, mul(c, block * block), floorDiv(h, block), floorDiv(w, block)]);
  };
}

function gatherNd(site: Site): Facts {
  const [dims, indices] = [site.dims(0), site.dims(1)];
  const batch = site.number("batch_dims", 0);
  const depth = indices?.at(-1);
  if (!dims || !indices || depth === undefined || !isConstant(depth)) return site.like(0, undefined);
  return site.like(0, [...indices.slice(0, -1), ...dims.slice(batch + depth)]);
}

function pad(site: Site): Facts {
  const dims = site.dims(0);
  const pads = site.numbers("pads") ?? site.value(1);
  const given = site.has(3) ? site.constants(3) : dims?.map((_, i) => i);
  if (!dims || !pads || !given) return site.like(0, undefined);
  if (pads.length !== 2 * given.length) site.fail(`${2 * given.length} pads`, `${pads.length}`);
  const result = [...dims];
  given.forEach((axis, i) => {
    const at = site.axis(axis, dims.length);
    result[at] = site.clampSize(add(dims[at], add(pads[i], pads[i + given.length])));
  });
  return site.like(0, result);
}

/** The two branches of `If`: what both agree on. */
function branches(site: Site): Facts {
  const graphs = [site.node.attributes.then_branch, site.node.attributes.else_branch];
  const condition = site.value(0)?.[0];
  const taken = condition === 1 ? [graphs[0]] : condition === 0 ? [graphs[1]] : graphs;
  const results = taken.map((graph) =>
    typeof graph === "object" && "nodes" in graph
      ? site.inferSubgraph(graph)
      : site.fail("a graph for each branch", typeof graph),
  );
  return results.reduce((then, otherwise) => then.map((one, i) => agreement(one, otherwise[i])));
}

function agreement(a: Facts[number], b: Facts[number]): Facts[number] {
  if (!a || !b || a.dtype !== b.dtype) return undefined;
  const dims = sameList(a.dims, b.dims) ? a.dims : undefined;
  return fact(a.dtype, dims, sameList(a.value, b.value) ? a.value : undefined);
}

function sameList(a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): boolean {
  return !!a && !!b && a.length === b.length && a.every((dim, i) => String(dim) === String(b[i]));
}

/** Letters of an equation to sizes; the output's letters are those after "->" or those that occur once. */
function einsum(site: Site): Facts {
  const equation = site.text("equation", "").replaceAll(" ", "");
  const [left, right] = equation.split("->");
  if (equation.includes("...") || site.inputs.some((input) => !input?.dims)) return site.like(0, undefined);
  const sizes = new Map<string, Dim>();
  left.split(",").forEach((letters, input) => {
    const dims = site.ranked(input, letters.length)!;
    for (const [i, letter] of [...letters].entries())
      sizes.set(letter, site.same(sizes.get(letter) ?? dims[i], dims[i], `sizes of ${letter}`));
  });
  const once = [...sizes.keys()].filter((letter) => left.split(letter).length === 2).sort();
  return site.like(
    0,
    (right === undefined ? once : [...right]).map(
      (letter) => sizes.get(letter) ?? site.fail("letters of the inputs", letter),
    ),
  );
}

export const rarities: Rules = {
  Tile: tile,
  DepthToSpace: depthSpace(1),
  SpaceToDepth: depthSpace(-1),
  ReverseSequence: (site) => site.like(0, site.dims(0)),
  GatherElements: (site) => site.like(0, site.dims(1)),
  GatherND: gatherNd,
  Pad: pad,
  Compress: (site) => site.like(0, undefined),
  NonZero: () => [fact("int64", undefined)],
  If: branches,
  Einsum: einsum,
};
