import assert from "node:assert/strict";
import { test } from "node:test";
import wabt from "wabt";
import { f32, f32x4, i32, i32x4, type Local, ModuleBuilder, memory, select, v128 } from "./index.ts";
import { printText } from "./text.ts";

type Functions = Record<string, (...args: number[]) => number>;

function run(module: ModuleBuilder, imports: WebAssembly.ModuleImports = {}): Functions {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: imports });
  return instance.exports as unknown as Functions;
}

async function wabtBytes(module: ModuleBuilder): Promise<number[]> {
  const tools = await wabt();
  const parsed = tools.parseWat("test.wat", printText(module), { relaxed_simd: true, threads: true });
  return [...parsed.toBinary({}).buffer];
}

/** Every form of control flow, a call, an import, shared locals. */
function program(): ModuleBuilder {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1, max: 2 });
  const report = module.importFunc("env", "report", { params: { value: "i32" } });
  const square = module.func("square", { params: { x: "i32" }, result: "i32", exported: false }, (f, { x }) =>
    f.return(i32.mul(x, x)),
  );
  module.func("sum_squares", { params: { n: "i32" }, result: "i32" }, (f, { n }) => {
    const [i, sum] = [f.local("i32", "i"), f.local("i32", "sum")];
    return [
      f.for(i, 1, i32.add(n, 1), 1, () => sum.set(i32.add(sum, square.call({ x: i })))),
      report.call({ value: sum }),
      f.return(sum),
    ];
  });
  module.func("collatz", { params: { x: "i32" }, result: "i32" }, (f, { x }) => {
    const steps = f.local("i32");
    return [
      f.block((exit) => [
        f.loop((again) => [
          exit.brIf(i32.eq(x, 1)),
          f.if(
            i32.and(x, 1),
            () => x.set(i32.add(i32.mul(x, 3), 1)),
            () => [
              x.set(i32.shr_u(x, 1)),
              f.if(i32.eq(x, 1), () => [steps.set(i32.add(steps, 1)), exit.br()]),
            ],
          ),
          steps.set(i32.add(steps, 1)),
          again.br(),
        ]),
      ]),
      f.return(steps),
    ];
  });
  module.func("dot_f32", { params: { x: "i32", y: "i32", n: "i32" }, result: "f32" }, (f, { x, y, n }) => {
    const [i, sum] = [f.local("i32"), f.local("v128")];
    const at = (base: typeof x) => v128.load(i32.add(base, i32.shl(i, 2)));
    return [
      f.for(i, 0, n, 4, () => sum.set(f32x4.add(sum, f32x4.mul(at(x), at(y))))),
      f.return(f32.add(f32x4.extract_lane(sum, 0), f32x4.extract_lane(sum, 3))),
    ];
  });
  module.func("larger", { params: { a: "f32", b: "f32" }, result: "f32" }, (f, { a, b }) =>
    f.return(select(a, b, f32.gt(a, b))),
  );
  module.func("fill_and_copy", { params: {} }, () => [memory.fill(0, 7, 64), memory.copy(100, 0, 3)]);
  return module;
}

test("a program with loops, branches, calls and vectors computes what it says", () => {
  const store = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const reported: number[] = [];
  const functions = run(program(), { memory: store, report: (value: number) => reported.push(value) });
  assert.equal(functions.sum_squares(10), 385);
  assert.equal(functions.sum_squares(0), 0);
  assert.deepEqual(reported, [385, 0]);
  assert.equal(functions.collatz(27), 111);
  assert.equal(functions.collatz(1), 0);
  new Float32Array(store.buffer, 256).set([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(functions.dot_f32(256, 256, 8), 1 + 25 + 16 + 64);
  assert.equal(functions.larger(2, -3), 2);
  functions.fill_and_copy();
  assert.deepEqual([...new Uint8Array(store.buffer, 98, 7)], [0, 0, 7, 7, 7, 0, 0]);
  assert.equal(functions.square, undefined);
});

test("bytes and text are the same program", async () => {
  const module = program();
  assert.deepEqual([...module.toBytes()], await wabtBytes(module));
});

test("a shared memory is imported as shared", async () => {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1, max: 65536, shared: true });
  assert.deepEqual([...module.toBytes()], await wabtBytes(module));
});

test("locals of one name are told apart in the text", () => {
  const module = new ModuleBuilder();
  module.func("f", { params: { x: "i32" } }, (f, { x }) => f.local("i32", "x").set(x));
  assert.match(printText(module), /\(local\.set \$x_1 \(local\.get \$x\)\)/);
});

test("a number stands for a constant of the operand's type", () => {
  const module = new ModuleBuilder();
  module.func("half", { params: { x: "f32" }, result: "f32" }, (f, { x }) => f.return(f32.mul(x, 0.5)));
  assert.equal(run(module).half(3), 1.5);
});

test("a local of another function is refused", () => {
  const module = new ModuleBuilder();
  let lost: Local<"i32">;
  module.func("first", { params: {} }, (f) => [(lost = f.local("i32")).set(1)]);
  module.func("second", { params: {} }, () => lost.set(1));
  assert.throws(() => module.toBytes(), { code: "argument", message: /where it does not belong/ });
});

/** Compiled, never run: each line that the compiler accepts is an error here. */
export function wrong(module: ModuleBuilder): void {
  module.func("f", { params: { a: "i32", v: "v128" }, result: "f32" }, (f, { a, v }) => {
    // @ts-expect-error: a vector is not an i32
    i32.add(a, v);
    // @ts-expect-error: an i32 expression is not a vector
    f32x4.mul(v, i32.add(a, a));
    // @ts-expect-error: a number is not a vector
    i32x4.add(v, 1);
    // @ts-expect-error: a lane is missing
    i32x4.extract_lane(v);
    // @ts-expect-error: an operand is missing
    i32.add(a);
    // @ts-expect-error: a local holds one type
    a.set(v);
    // @ts-expect-error: the function returns an f32
    f.return(a);
    // @ts-expect-error: an expression with a value is not a statement
    f.block(() => i32.add(a, 1));
    return f.return(0);
  });
}
