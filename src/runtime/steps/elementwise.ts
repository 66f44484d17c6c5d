// Binders of the operators that treat every element alike.

import type { KernelFunctions } from "../../kernels/functions.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims } from "../operand.ts";
import type { Binder } from "../step.ts";

type Unary =
  | "neg"
  | "abs"
  | "sqrt"
  | "exp"
  | "log"
  | "sin"
  | "cos"
  | "erf"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "gelu"
  | "silu";
type Binary = "add" | "sub" | "mul" | "div";

function unary(name: Unary): Binder {
  return {
    bind({ inputs, outputs, kernels }) {
      const dims = fixedDims(inputs[0]);
      if (!dims || inputs[0]!.dtype !== "float32") return undefined;
      const kernel = kernels[`${name}_f32`];
      const [x, y, n] = [inputs[0]!.pointer, outputs[0].pointer, sizeOf(dims)];
      return () => kernel(x, y, n);
    },
  };
}

/** Same shapes, or the second operand repeated for each row of the first (a scalar is a row of one). */
function binary(name: Binary, commutes: boolean): Binder {
  return {
    bind(site) {
      const [left, right] = site.inputs;
      const [a, b] = [fixedDims(left), fixedDims(right)];
      if (!a || !b || left!.dtype !== "float32") return undefined;
      const [x, z, y] = [left!.pointer, right!.pointer, site.outputs[0].pointer];
      if (String(a) === String(b)) return same(site.kernels, name, x, z, y, sizeOf(a));
      if (isRowOf(b, a)) return byRow(site.kernels, name, x, z, y, sizeOf(a), sizeOf(b));
      if (commutes && isRowOf(a, b)) return byRow(site.kernels, name, z, x, y, sizeOf(b), sizeOf(a));
      return undefined;
    },
  };
}

function same(kernels: KernelFunctions, name: Binary, a: number, b: number, y: number, n: number) {
  const kernel = kernels[`${name}_f32`];
  return () => kernel(a, b, y, n);
}

function byRow(
  kernels: KernelFunctions,
  name: Binary,
  a: number,
  row: number,
  y: number,
  size: number,
  n: number,
) {
  const kernel = kernels[`${name}_row_f32`];
  return () => kernel(a, row, y, size / n, n);
}

/** True when `row`, leading ones aside, equals the last axes of `dims`, so that it repeats without gaps. */
function isRowOf(row: readonly number[], dims: readonly number[]): boolean {
  const own = row.slice(row.findIndex((dim) => dim !== 1) >>> 0);
  return row.length <= dims.length && String(own) === String(own.length === 0 ? [] : dims.slice(-own.length));
}

/** Limits that are constants of the model. */
const clip: Binder = {
  bind(site) {
    const dims = fixedDims(site.inputs[0]);
    const limit = (index: number, name: string, otherwise: number): number | undefined =>
      site.inputs[index]
        ? site.constant(index)?.numbers()[0]
        : ((site.node.attributes[name] as number | undefined) ?? otherwise);
    const [low, high] = [limit(1, "min", -Infinity), limit(2, "max", Infinity)];
    if (!dims || site.inputs[0]!.dtype !== "float32" || low === undefined || high === undefined)
      return undefined;
    // Limits that cross: the upper one decides, in the reference as here.
    const [x, y, n] = [site.inputs[0]!.pointer, site.outputs[0].pointer, sizeOf(dims)];
    return () => site.kernels.clamp_f32(x, y, n, low, high);
  },
};

export const elementwise: Record<string, Binder> = {
  Neg: unary("neg"),
  Abs: unary("abs"),
  Sqrt: unary("sqrt"),
  Exp: unary("exp"),
  Log: unary("log"),
  Sin: unary("sin"),
  Cos: unary("cos"),
  Erf: unary("erf"),
  Tanh: unary("tanh"),
  Sigmoid: unary("sigmoid"),
  Relu: unary("relu"),
  Clip: clip,
  Gelu: unary("gelu"),
  Swish: unary("silu"),
  Add: binary("add", true),
  Sub: binary("sub", false),
  Mul: binary("mul", true),
  Div: binary("div", false),
};
