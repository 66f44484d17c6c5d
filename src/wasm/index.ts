// A small typed WebAssembly assembler. Kernels are written with it in TypeScript, and the module is made
// when the program runs: no binary files, no build step.
//
//   const module = new ModuleBuilder();
//   module.importMemory("env", "memory", { min: 1, max: 65536 });
//   module.func("sum_f32", { params: { x: "i32", n: "i32" }, result: "f32" }, (f, { x, n }) => {
//     const [sum, i] = [f.local("f32"), f.local("i32")];
//     return [
//       f.for(i, 0, n, 1, () => [sum.set(f32.add(sum, f32.load(x))), x.set(i32.add(x, 4))]),
//       f.return(sum),
//     ];
//   });
//   new WebAssembly.Module(module.toBytes());   // printText(module) of text.ts is for people
//
// Code is values. An operator (`i32.add`, `v128.load`, `memory.copy`: the specification's names) returns an
// expression; a body is a list of statements, nested as deep as a generator likes. Nothing is emitted by
// calling: what is not returned is not in the function. An expression that is used twice is computed
// twice; keep it in a local to compute it once.
//
// Operands are expressions, locals (read where they stand) or, for numbers, plain constants. Immediates
// come after the operands: `v128.load(p, { offset: 16 })`, `i32x4.extract_lane(v, 3)`,
// `v128.load32_lane(p, v, 1, { offset: 4 })`, `i8x16.shuffle(a, b, [0, 1, …])`,
// `v128.const("f32x4", 0.5)` (values are repeated over the lanes). A wrong type of operand does not compile.
//
// FunctionBuilder `f`
//   f.local(type, name?), f.locals(type, count, name?)   a Local: itself an operand; .get .set(v) .tee(v)
//   f.for(i, from, to, step, () => code)                 i < to, unsigned, checked first
//   f.while(condition, () => code), f.if(condition, () => code, () => code?)
//   f.block((exit) => code), f.loop((again) => code)     labels: .br() .brIf(condition)
//   f.return(value)                                      a function with a result must end with it
// and beside it select(a, b, condition), drop(value), unreachable(); a function that `module.func` or
// `module.importFunc` gave is called with named arguments: `other.call({ x, n: 4 })`. `exported: false`
// keeps a function inside.

export { detectFeatures, type HostFeatures, type RelaxedDot } from "./features.ts";
export { FunctionBuilder } from "./function.ts";
export { instructions } from "./instructions.ts";
export type { FunctionReference, MemoryImport } from "./module.ts";
export { ModuleBuilder } from "./module.ts";
export {
  drop,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  memory,
  select,
  unreachable,
  v128,
} from "./operators.ts";
export type { MemoryArgument, ResultType, Shape, ValueType } from "./signature.ts";
export type { Code, Expr, Label, Local, Operand, Statement } from "./tree.ts";
