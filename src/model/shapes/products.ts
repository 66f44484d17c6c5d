// Shape rules of matrix products, float and integer, ONNX's and octavox's own.

import type { DType } from "../../tensor/dtype.ts";
import { isConstant, product } from "../dim.ts";
import { broadcast, type Facts, fact, type Rule, type Rules, type Shape, type Site } from "./site.ts";

/** [.., M, K] · [.., K, N] with numpy's rules for vectors and leading dimensions. */
function matmulDims(site: Site, a: number, b: number): Shape {
  const [left, right] = [site.dims(a), site.dims(b)];
  if (!left || !right) return undefined;
  if (left.length === 0 || right.length === 0) site.fail("vectors or matrices", "a scalar");
  const [rows, inner] = left.length > 1 ? [left.slice(-2, -1), left[left.length - 1]] : [[], left[0]];
  const [columns, other] = right.length > 1 ? [right.slice(-1), right[right.length - 2]] : [[], right[0]];
  site.same(inner, other, "inner sizes");
  const batch = broadcast(site, [left.slice(0, -2), right.slice(0, -2)]);
  return batch && [...batch, ...rows, ...columns];
}

function matmul(type: DType | undefined, a = 0, b = 1): Rule {
  return (site) => {
    const dims = matmulDims(site, a, b);
    return type ? [fact(type, dims)] : site.like(a, dims);
  };
}

function gemm(site: Site): Facts {
  const [a, b] = [site.ranked(0, 2), site.ranked(1, 2)];
  if (!a || !b) return site.like(0, undefined);
  const [m, k] = site.number("transA", 0) ? [a[1], a[0]] : a;
  const [other, n] = site.number("transB", 0) ? [b[1], b[0]] : b;
  site.same(k, other, "inner sizes");
  return site.like(0, [m, n]);
}

/** x·W + bias; the bias has a value for each column. */
function linear(site: Site): Facts {
  const [columns, bias] = [site.ranked(1, 2)?.[1], site.dims(2)];
  if (columns !== undefined && bias && isConstant(columns) && product(bias) !== columns)
    site.fail(`a bias of ${columns} values`, bias.join("×"));
  return [fact("float32", matmulDims(site, 0, 1))];
}

export const products: Rules = {
  MatMul: matmul(undefined),
  MatMulInteger: matmul("int32"),
  MatMulIntegerToFloat: matmul("float32"),
  MatMulQuantized: (site) => [fact(site.type("dtype", "uint8") ?? "uint8", matmulDims(site, 0, 1))],
  AddQuantized: (site) => {
    const [a, b] = [site.dims(0), site.dims(1)];
    if (a && b && a.length !== b.length) site.fail("equal sizes", "others");
    const dims = a && b?.map((dim, i) => site.same(a[i], dim, "sizes"));
    return [fact(site.type("dtype", "uint8") ?? "uint8", dims)];
  },
  MatMulBlocksToFloat: matmul("float32"),
  MatMulInteger16ToFloat: matmul("float32"),
  MatMulInteger16: matmul("int16"),
  /** a, aScale, aZero, b, bScale, bZero, yScale, yZero */
  QLinearMatMul: (site) => {
    const zero = site.inputs[7];
    return [zero && fact(zero.dtype, matmulDims(site, 0, 3))];
  },
  Gemm: gemm,
  Linear: linear,
};
