import assert from "node:assert/strict";
import { test } from "node:test";
import wabt from "wabt";
import { instructions } from "./instructions.ts";
import { ModuleBuilder } from "./module.ts";
import { drop, operators } from "./operators.ts";
import type { ImmediateKind, Instruction, ValueType } from "./signature.ts";
import { operandTypes, resultType } from "./signature.ts";
import { printText } from "./text.ts";
import type { Expr, Statement } from "./tree.ts";

const features = { simd: true, relaxed_simd: true, bulk_memory: true, sat_float_to_int: true, threads: true };

const rows = Object.entries(instructions).flatMap(([prefix, table]) =>
  Object.entries(table as Record<string, Instruction>).map(([name, row]) => ({ prefix, name, row })),
);

/** Values that would show a wrong width or order. */
function immediatesFor(kind: ImmediateKind, row: Instruction): unknown[][] {
  const last = row.bytes > 0 ? 16 / row.bytes - 1 : 1;
  const cases: Record<ImmediateKind, unknown[][]> = {
    none: [[]],
    memory: [[], [{ offset: 300, align: 1 }]],
    lane: [[0], [1]],
    memoryLane: [[0], [last, { offset: 20 }]],
    shuffle: [[[0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31]]],
    i32: [[0], [63], [64], [-64], [-65], [2147483647], [-2147483648]],
    i64: [[0n], [-1n], [9223372036854775807n], [-9223372036854775808n]],
    f32: [[0.1], [-0], [Number.POSITIVE_INFINITY], [1e-45], [3.4028234663852886e38]],
    f64: [[0.1], [-0], [Number.NEGATIVE_INFINITY], [5e-324]],
    v128: [
      ["f32x4", 0.5],
      ["f64x2", -1.25, 3],
      ["i8x16", -128, 127],
      ["i16x8", 1, 2, 3, -4],
      ["i32x4", 1, -2, 3, 4],
      ["i64x2", -1, 2],
    ],
    memoryIndex: [[]],
    memoryIndexes: [[]],
  };
  return cases[kind];
}

function moduleOf(prefix: string, name: string, row: Instruction): ModuleBuilder {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1 });
  const types = operandTypes(row.signature);
  const params = Object.fromEntries(types.map((type, i) => [`p${i}`, type]));
  const operator = (operators as unknown as Record<string, Record<string, (...args: unknown[]) => Expr>>)[
    prefix
  ][name];
  immediatesFor(row.immediate, row).forEach((immediates, i) => {
    module.func(`${name}${i}`, { params }, (_, locals) => {
      const value = operator(...types.map((_, i) => locals[`p${i}`]), ...immediates);
      return resultType(row.signature) === "none" ? (value as Statement) : drop(value as Expr<ValueType>);
    });
  });
  return module;
}

const tools = await wabt();

for (const { prefix, name, row } of rows) {
  test(`${prefix}.${name}: the bytes are those that wabt assembles from the text, and they validate`, () => {
    const module = moduleOf(prefix, name, row);
    const bytes = module.toBytes();
    const parsed = tools.parseWat(`${prefix}.${name}.wat`, printText(module), features);
    const expected = parsed.toBinary({ write_debug_names: false }).buffer;
    parsed.destroy();
    assert.deepEqual([...bytes], [...expected]);
    assert.ok(WebAssembly.validate(bytes));
  });
}
