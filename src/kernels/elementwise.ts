// Elementwise kernels: one generator each for f(x), a ∘ b, and a ∘ b with b repeated over rows, over
// tables of formulas. The definitions are `src/reference/elementwise-functions.ts`.

import { f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { cos, erf, exp, gelu, log, sigmoid, silu, sin, tanh } from "./math.ts";
import { type Formula, Lanes, mapVectors, type Vector } from "./vectors.ts";

export const unaryFormulas = {
  neg: (_, x) => f32x4.neg(x),
  abs: (_, x) => f32x4.abs(x),
  sqrt: (_, x) => f32x4.sqrt(x),
  exp,
  log,
  sin,
  cos,
  erf,
  tanh,
  sigmoid,
  relu: (lanes, x) => f32x4.max(x, lanes.float(0)),
  gelu,
  silu,
} satisfies Record<string, Formula>;

type Binary = (a: Vector, b: Vector) => Vector;

export const binaryFormulas = {
  add: f32x4.add,
  sub: f32x4.sub,
  mul: f32x4.mul,
  div: f32x4.div,
  max: f32x4.max,
  min: f32x4.min,
} satisfies Record<string, Binary>;

/** The operations that also come with b repeated over rows. */
export const rowOperations = ["add", "sub", "mul", "div"] as const;

export function addElementwise(module: ModuleBuilder): void {
  for (const [name, formula] of Object.entries<Formula>(unaryFormulas)) addUnary(module, name, formula);
  for (const [name, formula] of Object.entries<Binary>(binaryFormulas)) addBinary(module, name, formula);
  for (const name of rowOperations) addRowwise(module, name, binaryFormulas[name]);
  addClamp(module);
}

function addClamp(module: ModuleBuilder): void {
  const params = { x: "i32", y: "i32", n: "i32", low: "f32", high: "f32" } as const;
  module.func("clamp_f32", { params }, (f, { x, y, n, low, high }) => {
    const [least, most] = f.locals("v128", 2, "limit");
    return [
      [least.set(f32x4.splat(low)), most.set(f32x4.splat(high))],
      mapVectors(f, [x], y, n, new Lanes(f), (value) => f32x4.pmin(f32x4.pmax(value, least), most)),
    ];
  });
}

/** y[i] = formula(x[i]), as `name`_f32. */
export function addUnary(module: ModuleBuilder, name: string, formula: Formula): void {
  module.func(`${name}_f32`, { params: { x: "i32", y: "i32", n: "i32" } }, (f, { x, y, n }) => {
    const lanes = new Lanes(f);
    return mapVectors(f, [x], y, n, lanes, (value) => formula(lanes, value));
  });
}

/** y[i] = formula(a[i], b[i]), as `name`_f32. */
export function addBinary(module: ModuleBuilder, name: string, formula: Binary): void {
  const params = { a: "i32", b: "i32", y: "i32", n: "i32" } as const;
  module.func(`${name}_f32`, { params }, (f, { a, b, y, n }) =>
    mapVectors(f, [a, b], y, n, new Lanes(f), formula),
  );
}

function addRowwise(module: ModuleBuilder, name: string, formula: Binary): void {
  const params = { a: "i32", b: "i32", y: "i32", rows: "i32", n: "i32" } as const;
  module.func(`${name}_row_f32`, { params }, (f, { a, b, y, rows, n }) => {
    const scalar = f.local("v128", "scalar");
    // A row of one: the rows themselves are the vector.
    const withScalar = () => [
      scalar.set(v128.load32_splat(b)),
      mapVectors(f, [a], y, rows, new Lanes(f), (value) => formula(value, scalar)),
    ];
    const [rowA, rowB, rowY, left] = f.locals("i32", 4) as [Local<"i32">, ...Local<"i32">[]];
    const rowBytes = i32.shl(n, 2);
    const withRows = () =>
      f.while(rows, () => [
        [rowA.set(a), rowB.set(b), rowY.set(y), left.set(n)],
        mapVectors(f, [rowA, rowB], rowY, left, new Lanes(f), formula),
        [a.set(i32.add(a, rowBytes)), y.set(i32.add(y, rowBytes)), rows.set(i32.sub(rows, 1))],
      ]);
    return f.if(i32.eq(n, 1), withScalar, withRows);
  });
}
