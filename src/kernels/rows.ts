// Kernels along the rows of a float32 matrix: softmax, layer norm, group norm. The definitions are
// `src/reference/rows.ts`; a vector of four lanes is its four partial sums.

import { f32, f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { addExtreme } from "./extreme.ts";
import { exp } from "./math.ts";
import { eachVector, FLOAT, joinSums, Lanes, mapVectors, storePartial, VECTOR } from "./vectors.ts";

const noSums = v128.const("f32x4", 0);

/** The pieces that attention uses too. */
export interface RowFunctions {
  /** The largest of n ≥ 1 floats at x; NaN is passed over. */
  rowMax: ReturnType<typeof addExtreme>;
  rowExp: ReturnType<typeof addRowExp>;
}

export function addRows(module: ModuleBuilder): RowFunctions {
  const pieces = rowFunctionsOf(module);
  addSoftmax(module, pieces);
  addNorms(module);
  return pieces;
}

const known = new WeakMap<ModuleBuilder, RowFunctions>();

/** These pieces, once in a module. */
export function rowFunctionsOf(module: ModuleBuilder): RowFunctions {
  const pieces = known.get(module) ?? {
    rowMax: addExtreme(module, "row_max", "max", Number.NEGATIVE_INFINITY),
    rowExp: addRowExp(module),
  };
  known.set(module, pieces);
  return pieces;
}

/** y[i] = e^(x[i] − max) for n ≥ 1 floats; gives their sum. x and y may be the same. */
function addRowExp(module: ModuleBuilder) {
  const params = { x: "i32", y: "i32", n: "i32", max: "f32" } as const;
  return module.func("row_exp", { params, result: "f32", exported: false }, (f, { x, y, n, max }) => {
    const [sums, maxes, value] = f.locals("v128", 3) as [Local<"v128">, Local<"v128">, Local<"v128">];
    const lanes = new Lanes(f);
    const walk = eachVector(f, x, n, lanes, (given, inside) => {
      const power = exp(lanes, lanes.keep(f32x4.sub(given, maxes)));
      return [
        value.set(power),
        sums.set(f32x4.add(sums, v128.and(value, inside))),
        f.if(
          i32.lt_s(n, 4),
          () => storePartial(f, y, value, n),
          () => v128.store(y, value),
        ),
        y.set(i32.add(y, VECTOR)),
      ];
    });
    return [sums.set(noSums), maxes.set(f32x4.splat(max)), walk, f.return(joinSums(sums))];
  });
}

function addSoftmax(module: ModuleBuilder, { rowMax, rowExp }: RowFunctions): void {
  const params = { x: "i32", y: "i32", rows: "i32", n: "i32" } as const;
  module.func("softmax_f32", { params }, (f, { x, y, rows, n }) => {
    const sum = f.local("v128", "sum");
    const [rowY, left] = [f.local("i32"), f.local("i32")];
    const rowBytes = i32.shl(n, 2);
    return f.while(rows, () => [
      sum.set(f32x4.splat(rowExp.call({ x, y, n, max: rowMax.call({ x, n }) }))),
      [rowY.set(y), left.set(n)],
      mapVectors(f, [rowY], rowY, left, new Lanes(f), (value) => f32x4.div(value, sum)),
      [x.set(i32.add(x, rowBytes)), y.set(i32.add(y, rowBytes)), rows.set(i32.sub(rows, 1))],
    ]);
  });
}

/** Σ of n ≥ 1 floats at x, each less `mean`, squared if asked, divided by n. */
function addMean(module: ModuleBuilder, name: string, squared: boolean) {
  const params = { x: "i32", n: "i32", mean: "f32" } as const;
  return module.func(name, { params, result: "f32", exported: false }, (f, { x, n, mean }) => {
    const [sums, means] = [f.local("v128", "sums"), f.local("v128", "means")];
    const count = f.local("f32", "count");
    const lanes = new Lanes(f);
    const walk = eachVector(f, x, n, lanes, (value, inside) => {
      const distance = lanes.keep(f32x4.sub(value, means));
      const term = squared ? f32x4.mul(distance, distance) : value;
      return sums.set(f32x4.add(sums, v128.and(term, inside)));
    });
    return [
      [sums.set(noSums), means.set(f32x4.splat(mean)), count.set(f32.convert_i32_s(n))],
      walk,
      f.return(f32.div(joinSums(sums), count)),
    ];
  });
}

/** y[i] = (x[i] − mean)·inverse, then ·weight[i] and + bias[i] where the pointers are not 0. */
function addScaleAndShift(module: ModuleBuilder) {
  const pointers = { x: "i32", y: "i32", n: "i32", weight: "i32", bias: "i32" } as const;
  const params = { ...pointers, mean: "f32", inverse: "f32" } as const;
  return module.func("scale_and_shift", { params, exported: false }, (f, { x, y, n, weight, bias, ...p }) => {
    const [means, inverses, value] = f.locals("v128", 3) as [Local<"v128">, Local<"v128">, Local<"v128">];
    const step = [
      value.set(f32x4.mul(f32x4.sub(v128.load(x), means), inverses)),
      f.if(weight, () => [
        value.set(f32x4.mul(value, v128.load(weight))),
        weight.set(i32.add(weight, VECTOR)),
      ]),
      f.if(bias, () => [value.set(f32x4.add(value, v128.load(bias))), bias.set(i32.add(bias, VECTOR))]),
    ];
    return [
      [means.set(f32x4.splat(p.mean)), inverses.set(f32x4.splat(p.inverse))],
      f.loop((again) => [
        step,
        f.if(i32.lt_s(n, 4), () => [storePartial(f, y, value, n), f.return()]),
        v128.store(y, value),
        [x.set(i32.add(x, VECTOR)), y.set(i32.add(y, VECTOR)), n.set(i32.sub(n, 4))],
        again.brIf(n),
      ]),
    ];
  });
}

/** Layer norm takes the moments of each row, group norm those of all rows together. */
function addNorms(module: ModuleBuilder): void {
  const meanOf = addMean(module, "row_mean", false);
  const varianceOf = addMean(module, "row_variance", true);
  const scaleAndShift = addScaleAndShift(module);
  const sizes = { x: "i32", y: "i32", rows: "i32", n: "i32", epsilon: "f32" } as const;
  const params = { ...sizes, weight: "i32", bias: "i32" } as const;
  for (const [name, together] of [["layer_norm_f32", false] as const, ["group_norm_f32", true] as const])
    module.func(name, { params }, (f, { x, y, rows, n, epsilon, weight, bias }) => {
      const [mean, inverse] = [f.local("f32", "mean"), f.local("f32", "inverse")];
      const moments = (count: Local<"i32">) => {
        const variance = varianceOf.call({ x, n: count, mean });
        return [
          mean.set(meanOf.call({ x, n: count, mean: 0 })),
          inverse.set(f32.div(1, f32.sqrt(f32.add(variance, epsilon)))),
        ];
      };
      const all = f.local("i32", "all");
      const rowBytes = i32.mul(n, FLOAT);
      return [
        together ? [all.set(i32.mul(rows, n)), moments(all)] : [],
        f.while(rows, () => [
          together ? [] : moments(n),
          scaleAndShift.call({ x, y, n, weight, bias, mean, inverse }),
          [x.set(i32.add(x, rowBytes)), y.set(i32.add(y, rowBytes)), rows.set(i32.sub(rows, 1))],
        ]),
      ];
    });
}
