// The passes in their order: from a graph as an exporter wrote it to the graph that the run-time runs.

import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { fuseAttention, fuseRotary } from "./attention.ts";
import { foldConstants } from "./fold.ts";
import {
  fuseBias,
  fuseMatMulInteger,
  type MatrixCache,
  quantizeConv,
  quantizeGather,
  quantizeMatMul,
} from "./integer-products.ts";
import { findCausalMasks } from "./masks.ts";
import { fuseGelu, fuseGroupNorm, fuseLayerNorm, fuseSwish } from "./normalise.ts";
import { sinkReshapes } from "./reshapes.ts";
import { type Rewrite, removeDead, rewriteNodes } from "./rewrite.ts";
import { removeIdentities, sinkTransposes } from "./transposes.ts";

export interface OptimiseOptions {
  opset: number;
  /** Shared between the graphs of a model, so that a weight both use is stored once. */
  matrices?: MatrixCache;
}

/** Each pass runs once; `settle` ones run until nothing changes any more. */
function passes(matrices: MatrixCache, causalMasks: ReadonlySet<string>): { rewrite: Rewrite; settle?: true }[] {
  return [
    { rewrite: removeIdentities, settle: true },
    { rewrite: fuseGelu },
    { rewrite: fuseSwish },
    { rewrite: fuseLayerNorm },
    { rewrite: fuseGroupNorm },
    { rewrite: quantizeGather(matrices) },
    { rewrite: fuseMatMulInteger(matrices) },
    { rewrite: quantizeMatMul(matrices) },
    { rewrite: quantizeConv(matrices) },
    { rewrite: fuseBias },
    { rewrite: fuseRotary },
    { rewrite: sinkTransposes, settle: true },
    { rewrite: sinkReshapes, settle: true },
    { rewrite: sinkTransposes, settle: true },
    { rewrite: fuseAttention(causalMasks) },
    { rewrite: sinkReshapes, settle: true },
    { rewrite: removeIdentities, settle: true },
  ];
}

export function optimise(graph: Graph, { opset, matrices = new Map() }: OptimiseOptions): Graph {
  let current = fold(removeDead(graph), opset);
  for (const { rewrite, settle } of passes(matrices, findCausalMasks(current, opset))) {
    for (let before: Graph | undefined; current !== before && (before === undefined || settle); ) {
      before = current;
      current = apply(current, rewrite, opset);
    }
  }
  return fold(current, opset);
}

function fold(graph: Graph, opset: number): Graph {
  return removeDead(foldConstants(graph, inferShapes(graph, { opset }), opset));
}

/** The same graph object when the rewrite changed nothing, so that the caller can tell. */
function apply(graph: Graph, rewrite: Rewrite, opset: number): Graph {
  let changed = false;
  const rewritten = rewriteNodes(graph, inferShapes(graph, { opset }), (node, view) => {
    const made = rewrite(node, view);
    changed ||= made !== undefined;
    return made;
  });
  return changed ? removeDead(rewritten) : graph;
}
