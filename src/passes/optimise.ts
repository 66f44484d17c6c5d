// The passes in their order: from a graph as an exporter wrote it to the graph that the run-time runs.

import { forNode } from "../model/for-node.ts";
import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import type { Rounding } from "../reference/requantize.ts";
import { attendInIntegers, fuseAttention } from "./attention.ts";
import { blockMatMul } from "./block-products.ts";
import { foldChannelAffine } from "./channel-affine.ts";
import { convChannelsLast, fuseLimits, fusePad, poolChannelsLast } from "./channels-last.ts";
import { splitGemm } from "./dense.ts";
import { type FoldOptions, foldConstants } from "./fold.ts";
import { nameNodes, nameOutputs, removeIdentities } from "./identities.ts";
import {
  fuseBias,
  fuseMatMulInteger,
  type MatrixCache,
  quantizeConv,
  quantizeGather,
  quantizeMatMul,
} from "./integer-products.ts";
import { fuseLinear } from "./linear.ts";
import { lowerQuantize16, lowerToFloat16 } from "./lower-int16.ts";
import { lowerQuantize } from "./lower-qdq.ts";
import { lowerToFloat } from "./lower-to-float.ts";
import { fuseLstmCell } from "./lstm-cell.ts";
import { findCausalMasks } from "./masks.ts";
import { fuseGelu, fuseGroupNorm, fuseLayerNorm, fuseSwish } from "./normalise.ts";
import { plainGather, plainPart, plainPower, plainReduction } from "./plain-forms.ts";
import { expandQLinear } from "./qlinear.ts";
import { lowerRecurrent } from "./recurrent.ts";
import { sinkReshapes } from "./reshapes.ts";
import { type Rewrite, removeDead, rewriteNodes } from "./rewrite.ts";
import { fuseRotary } from "./rotary.ts";
import { decide } from "./specialise.ts";
import { sinkTransposes } from "./transposes.ts";
import { unsignedActivations } from "./unsigned-activations.ts";

/** Up to here a float copy of a weight costs less than dequantizing it again and again. */
const DEQUANTIZED_BYTES = 1 << 20;

export interface OptimiseOptions {
  opset: number;
  /** Shared between the graphs of a model, so that a weight both use is stored once. */
  matrices?: MatrixCache;
  /** Integer weights that only float operators read stay integers: the graph is to be stored. */
  keepIntegers?: boolean;
  /** How integer operators that are made of a QDQ graph round; by default as ONNX says. */
  rounding?: Rounding;
}

/** Moving layout changes out of the way; together, until nothing moves any more. */
const settleLayout: readonly Rewrite[] = [removeIdentities, sinkTransposes, sinkReshapes, fuseLimits];

/** The passes in order, each a group of rewrites that runs until nothing changes. */
function passes(
  { matrices, keepIntegers, rounding }: Required<Omit<OptimiseOptions, "opset">>,
  causalMasks: ReadonlySet<string>,
): readonly (readonly Rewrite[])[] {
  return [
    [removeIdentities],
    [fusePad, foldChannelAffine],
    [lowerRecurrent(keepIntegers), fuseLstmCell],
    [lowerQuantize(rounding), lowerQuantize16, removeIdentities],
    [lowerToFloat, lowerToFloat16],
    [splitGemm],
    [plainPower, plainGather, plainReduction, plainPart],
    [fuseGelu],
    [fuseSwish],
    [fuseLayerNorm],
    [fuseGroupNorm],
    [blockMatMul(matrices, keepIntegers)],
    [quantizeGather(matrices)],
    [fuseMatMulInteger(matrices)],
    [quantizeMatMul(matrices, keepIntegers)],
    keepIntegers ? [] : [quantizeConv(matrices)],
    [convChannelsLast, poolChannelsLast],
    [fuseBias, fuseLinear],
    [fuseRotary],
    settleLayout,
    [fuseAttention(causalMasks)],
    settleLayout,
    [attendInIntegers],
  ];
}

export function optimise(graph: Graph, options: OptimiseOptions): Graph {
  const { opset, matrices = new Map(), keepIntegers = false, rounding = "even" } = options;
  const written = settle(
    decide(removeDead(graph), (each) => fold(each, opset)),
    [expandQLinear],
    opset,
  );
  let current = unsignedActivations(written);
  for (const rewrites of passes({ matrices, keepIntegers, rounding }, findCausalMasks(current, opset)))
    current = settle(current, rewrites, opset);
  // Weights that no integer product took up are dequantized now rather than at every run.
  if (!keepIntegers) current = fold(current, opset, { worthBytes: DEQUANTIZED_BYTES, widen: true });
  return nameNodes(nameOutputs(current, inferShapes(current, { opset })));
}

function settle(graph: Graph, rewrites: readonly Rewrite[], opset: number): Graph {
  for (let current = graph; ; ) {
    const next = rewrites.reduce((each, rewrite) => apply(each, rewrite, opset), current);
    if (next === current) return fold(current, opset);
    current = next;
  }
}

function fold(graph: Graph, opset: number, options: FoldOptions = { widen: false }): Graph {
  return removeDead(foldConstants(graph, inferShapes(graph, { opset }), opset, options));
}

/** The same graph object when the rewrite changed nothing, so that the caller can tell. */
function apply(graph: Graph, rewrite: Rewrite, opset: number): Graph {
  let changed = false;
  const rewritten = rewriteNodes(graph, inferShapes(graph, { opset }), (node, view) => {
    const made = forNode(node, () => rewrite(node, view));
    changed ||= made !== undefined;
    return made;
  });
  return changed ? removeDead(rewritten) : graph;
}
