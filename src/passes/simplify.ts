// A float graph as its exporter wrote it → the same with what can be computed now computed, and nothing between a layer
// and its activation: what the quantizer works on. Operators stay ONNX's.

import { forNode } from "../model/for-node.ts";
import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { foldChannelAffine } from "./channel-affine.ts";
import { fusePad } from "./channels-last.ts";
import { foldConstants } from "./fold.ts";
import { nameNodes, nameOutputs, removeIdentities } from "./identities.ts";
import { type Rewrite, removeDead, rewriteNodes } from "./rewrite.ts";
import { decide } from "./specialise.ts";

const rewrites: readonly Rewrite[] = [removeIdentities, foldChannelAffine, fusePad];

export function simplify(graph: Graph, opset: number): Graph {
  let current = decide(removeDead(graph), (each) => fold(each, opset));
  for (let changed = true; changed; ) {
    changed = false;
    for (const rewrite of rewrites) {
      const next = rewriteNodes(current, inferShapes(current, { opset }), (node, view) => {
        const made = forNode(node, () => rewrite(node, view));
        changed ||= made !== undefined;
        return made;
      });
      current = fold(removeDead(next), opset);
    }
  }
  return nameNodes(nameOutputs(current, inferShapes(current, { opset })));
}

/** Everything that does not depend on an input, however large: a float graph's constants are all float. */
function fold(graph: Graph, opset: number): Graph {
  const facts = inferShapes(graph, { opset });
  return removeDead(foldConstants(graph, facts, opset, { worthBytes: Number.POSITIVE_INFINITY }));
}
