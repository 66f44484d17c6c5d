// Shape rules of whole layers: normalisation, attention, and of conversions between
// integers and floats.

import type { DType } from "../../tensor/dtype.ts";
import { add, type Dim, divideExactly, isConstant } from "../dim.ts";
import { type Facts, fact, type Rules, type Site } from "./site.ts";

/** x uint8, int8 … → floats of the scale's type. */
function dequantize(site: Site): Facts {
  return [fact(site.inputs[1]?.dtype ?? "float32", site.dims(0))];
}

function quantize(site: Site): Facts {
  const type: DType | undefined = site.has(2) ? site.inputs[2]?.dtype : site.type("output_dtype", "uint8");
  return [type && fact(type, site.dims(0))];
}

/** y, scale, zero point */
function dynamicQuantize(site: Site): Facts {
  const type = Number(site.node.attributes.bits ?? 8) > 8 ? "uint16" : "uint8";
  return [fact(type, site.dims(0)), fact("float32", []), fact(type, [])];
}

/** B [K, N], scale, zero, indices → [.., K] */
function gatherDequantize(site: Site): Facts {
  const [matrix, indices] = [site.ranked(0, 2), site.dims(3)];
  return [fact("float32", matrix && indices && [...indices, matrix[0]])];
}

/** Columns of a matrix as rows: B, scales, indices. */
function gatherBlocks(site: Site): Facts {
  const [matrix, indices] = [site.ranked(0, 2), site.dims(2)];
  return [fact("float32", matrix && indices && [...indices, matrix[0]])];
}

/** Y like X; mean and inverse deviation over the axes from `axis` on. */
function layerNormalization(site: Site): Facts {
  const dims = site.dims(0);
  const axis = dims && site.axis(site.number("axis", -1), dims.length);
  const kept = dims?.map((dim, i) => (i < axis! ? dim : 1));
  return [...site.like(0, dims), fact("float32", kept), fact("float32", kept)];
}

/** Inference: Y like X; the running statistics of training are passed on. */
function batchNormalization(site: Site): Facts {
  return [...site.like(0, site.dims(0)), ...site.like(3, site.dims(3)), ...site.like(4, site.dims(4))];
}

/** octavox's attention: q [B, Tq, H·d], k [B, Tk, H·d], v [B, Tk, H·e], past keys and values. */
function attention(site: Site): Facts {
  const [q, k, v] = [0, 1, 2].map((input) => site.ranked(input, 3));
  const heads = site.number("heads", 1);
  if (q && k) site.same(q[2], k[2], "widths of queries and keys");
  if (k && v) site.same(k[1], v[1], "numbers of keys and values");
  for (const dims of [q, v])
    if (dims && isConstant(dims[2]) && divideExactly(dims[2], heads) === undefined)
      site.fail(`widths that ${heads} heads divide`, `${dims[2]}`);
  const longer = (now: readonly Dim[] | undefined, past: number) => {
    const before = site.has(past) ? site.ranked(past, 3) : [0, 0, 0];
    return now && before && [now[0], add(before[1], now[1]), now[2]];
  };
  const [keys, values] = [longer(k, 3), longer(v, 4)];
  return [fact("float32", q && v && [q[0], q[1], v[2]]), fact("float32", keys), fact("float32", values)];
}

export const layers: Rules = {
  DequantizeLinear: dequantize,
  QuantizeLinear: quantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QuantizationResidual: (site) => site.like(0, site.dims(0)),
  GatherDequantize: gatherDequantize,
  GatherBlocks: gatherBlocks,
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
  RMSNormalization: (site) => site.like(0, site.dims(0)),
  BatchNormalization: batchNormalization,
  Attention: attention,
  AttentionInteger: attention,
};
