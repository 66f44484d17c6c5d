// The operators a kernel is written with: `i32.add(a, b)`, `v128.load(address, { offset: 16 })`, all made
// from the table of instructions, with TypeScript signatures that are read from it too.

import { instructions } from "./instructions.ts";
import type { ImmediatesOf, Instruction, OperandsOf, ResultOf, ValueType } from "./signature.ts";
import { operandTypes, resultType } from "./signature.ts";
import type { Expr, Local, Operand, Statement } from "./tree.ts";
import { toExpr } from "./tree.ts";

type OperandList<T extends readonly string[]> = {
  [I in keyof T]: T[I] extends ValueType ? Operand<T[I]> : never;
};

/** The function of a row of the table: its operands, then its immediates. */
export type Operator<R> =
  R extends Instruction<infer S, infer I>
    ? (...args: [...OperandList<OperandsOf<S>>, ...ImmediatesOf[I]]) => Expr<ResultOf<S>>
    : never;

type Table = typeof instructions;
type Operators = { readonly [P in keyof Table]: { readonly [N in keyof Table[P]]: Operator<Table[P][N]> } };

function createOperator(name: string, instruction: Instruction): (...args: never[]) => Expr {
  const types = operandTypes(instruction.signature);
  const type = resultType(instruction.signature);
  return (...args: unknown[]): Expr => ({
    kind: "instruction",
    type,
    name,
    instruction,
    operands: types.map((operand, i) => toExpr(operand, args[i] as Operand<typeof operand>)),
    immediates: args.slice(types.length),
  });
}

function createOperators(): Operators {
  const prefixes = Object.entries(instructions).map(([prefix, rows]) => [
    prefix,
    Object.fromEntries(
      Object.entries(rows).map(([name, row]) => [name, createOperator(`${prefix}.${name}`, row)]),
    ),
  ]);
  return Object.fromEntries(prefixes) as Operators;
}

export const operators: Operators = createOperators();
export const { i32, i64, f32, f64, v128, i8x16, i16x8, i32x4, i64x2, f32x4, f64x2, memory } = operators;

/** `whenTrue` if the condition is not 0, else `whenFalse`; both are computed. */
export function select<T extends ValueType>(
  whenTrue: Expr<T> | Local<T>,
  whenFalse: Expr<T> | Local<T>,
  condition: Operand<"i32">,
): Expr<T> {
  const { type } = whenTrue;
  const operands = [
    toExpr(type, whenTrue as Operand<T>),
    toExpr(type, whenFalse as Operand<T>),
    toExpr("i32", condition),
  ];
  return { kind: "plain", name: "select", type, operands };
}

/** Computes a value and forgets it. */
export function drop(value: Expr<ValueType>): Statement {
  return { kind: "plain", name: "drop", type: "none", operands: [value] };
}

/** A trap: the run reaches this only by mistake. */
export function unreachable(): Statement {
  return { kind: "plain", name: "unreachable", type: "none", operands: [] };
}
