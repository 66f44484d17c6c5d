// A layer's weights as a matrix, one row for each output and one column for each input of its sums, whatever the
// operator stores; and what share a scale in it. Methods of rounding see nothing else.

import { OctavoxError } from "../errors.ts";
import { sizeOf, stridesOf, Tensor } from "../tensor/tensor.ts";
import { type Grid, weightType } from "./grid.ts";
import type { Granularity } from "./schemes.ts";

/** How an operator's weights lie. */
export interface WeightShape {
  dims: readonly number[];
  /** The axis of outputs; the ones before it (directions) are independent, all others are summed over. */
  axis: number;
  /** The first axis that is summed over: along it blocks run. */
  depthAxis: number;
  /** Gates of a recurrent layer, in equal parts of `axis`. */
  gates: number;
}

/** rows × k, row-major. */
export interface Matrix {
  values: Float32Array;
  rows: number;
  k: number;
}

/** Where scales belong: which group each weight is in, and how scales are stored beside the weights. */
export interface Groups {
  count: number;
  /** Of the weight at a place of the stored tensor. */
  at(index: number): number;
  /** Dimensions of the scales as DequantizeLinear takes them, and the group of each. */
  scaleDims: readonly number[];
  scaleGroups: Int32Array;
  axis: number | undefined;
  block: number | undefined;
}

/** Grids of all the groups of a tensor: they differ in scale and zero, never in their limits. */
export interface Grids {
  groups: Groups;
  scales: Float32Array;
  zeros: Int32Array;
  low: number;
  high: number;
}

/** Weights on their grids. */
export interface QuantizedWeights {
  /** By places of the stored tensor; low … high. */
  q: Int32Array;
  grids: Grids;
  bits: number;
}

/** Row and column of each place of the stored tensor, as one index of the matrix. */
export function matrixPlaces({ dims, axis }: WeightShape): { rows: number; k: number; places: Int32Array } {
  const outer = sizeOf(dims.slice(0, axis));
  const inner = sizeOf(dims.slice(axis + 1));
  // Outputs last ([K, N]): the axes before it are what is summed over.
  const transposed = axis === dims.length - 1 && axis > 0;
  const size = dims[axis];
  const places = new Int32Array(outer * size * inner);
  for (let i = 0; i < places.length; i++)
    places[i] = transposed ? (i % size) * outer + Math.floor(i / size) : i;
  return transposed ? { rows: size, k: outer, places } : { rows: outer * size, k: inner, places };
}

export function toMatrix(tensor: Tensor, shape: WeightShape): Matrix {
  const { rows, k, places } = matrixPlaces(shape);
  const values = new Float32Array(rows * k);
  const data = tensor.data as Float32Array;
  for (let i = 0; i < data.length; i++) values[places[i]] = data[i];
  return { values, rows, k };
}

/** @throws OctavoxError `unsupported` where blocks do not fit the operator's weights */
export function groupsOf(shape: WeightShape, granularity: Granularity, name: string): Groups {
  if (typeof granularity === "object") return blocks(shape, granularity.block, name);
  const { dims, axis, gates } = shape;
  const wanted = granularity === "channel" ? dims[axis] : granularity === "gate" ? gates : 1;
  if (wanted === 1)
    return {
      ...{ count: 1, at: () => 0, scaleDims: [], scaleGroups: new Int32Array(1) },
      ...{ axis: undefined, block: undefined },
    };
  const [inner, size, each] = [stridesOf(dims)[axis], dims[axis], dims[axis] / wanted];
  return {
    count: wanted,
    at: (index) => Math.floor((Math.floor(index / inner) % size) / each),
    scaleDims: [size],
    scaleGroups: Int32Array.from({ length: size }, (_, channel) => Math.floor(channel / each)),
    axis,
    block: undefined,
  };
}

/** Runs of `block` weights along the depth, each with a scale; the last run may be shorter. */
function blocks({ dims, depthAxis }: WeightShape, block: number, name: string): Groups {
  const size = dims[depthAxis];
  if (size < block)
    throw new OctavoxError("unsupported", `blocks of ${block} for "${name}"`, {
      expected: `at least ${block} weights to a sum`,
      found: `${size}`,
      remedy: "Give the layer another scheme, or keep it in float",
    });
  const inner = stridesOf(dims)[depthAxis];
  const count = Math.ceil(size / block);
  const scaleDims = dims.map((dim, i) => (i === depthAxis ? count : dim));
  const total = sizeOf(scaleDims);
  return {
    count: total,
    at(index) {
      const [outer, at] = [Math.floor(index / (inner * size)), Math.floor(index / inner) % size];
      return (outer * count + Math.floor(at / block)) * inner + (index % inner);
    },
    scaleDims,
    scaleGroups: Int32Array.from({ length: total }, (_, i) => i),
    axis: depthAxis,
    block,
  };
}

export function gridOf({ scales, zeros, low, high }: Grids, group: number): Grid {
  return { scale: scales[group], zero: zeros[group], low, high };
}

/** The numbers that quantized weights stand for, by places of the stored tensor. */
export function weightsOf({ q, grids: { groups, scales, zeros } }: QuantizedWeights): Float32Array {
  return Float32Array.from(q, (value, i) => {
    const group = groups.at(i);
    return Math.fround((value - zeros[group]) * scales[group]);
  });
}

/** Weights as constants of a model: integers, scales and (where one is not 0) zero points, as DequantizeLinear reads. */
export function storedWeights(
  { q, grids, bits }: QuantizedWeights,
  dims: readonly number[],
): { weights: Tensor; scales: Tensor; zeros: Tensor | undefined } {
  const { groups, scales, zeros, low } = grids;
  const dtype = weightType({ bits });
  // Integers without a sign move down by half of them, zero points too.
  const shift = low === 0 ? 2 ** (bits - 1) : 0;
  const pick = (list: ArrayLike<number>): number[] => Array.from(groups.scaleGroups, (group) => list[group]);
  const hasZeros = shift !== 0 || zeros.some((zero) => zero !== 0);
  const move = (list: ArrayLike<number>): number[] => Array.from(list, (value) => value - shift);
  return {
    weights: new Tensor(dtype, move(q), dims),
    scales: new Tensor("float32", pick(scales), groups.scaleDims),
    zeros: hasZeros ? new Tensor(dtype, move(pick(zeros)), groups.scaleDims) : undefined,
  };
}
