// The tree that a function body is: expressions and statements as plain values. Operators and builders
// make it, the two printers (`bytes.ts`, `text.ts`) walk it.

import { instructions } from "./instructions.ts";
import type { Instruction, ResultType, ValueType } from "./signature.ts";

/** A computation that leaves one value of type T, or none: then it is a statement. */
export type Expr<T extends ResultType = ResultType> = Node & { readonly type: T };
export type Statement = Expr<"none">;
/** Statements in order; lists may be nested, so that a generator can put in the result of a map. */
export type Code = Statement | readonly Code[];

export interface Local<T extends ValueType = ValueType> {
  readonly kind: "local";
  readonly type: T;
  readonly name: string | undefined;
  readonly get: Expr<T>;
  set(value: Operand<T>): Statement;
  /** Sets the local and gives the value on. */
  tee(value: Operand<T>): Expr<T>;
}

/** What an operator takes for a T: an expression, a local (its value), or a plain number as a constant. */
export type Operand<T extends ValueType> =
  | Expr<T>
  | Local<T>
  | (T extends "i32" | "f32" | "f64" ? number : T extends "i64" ? bigint : never);

/** The target of a branch: the end of a block, or the beginning of a loop. */
export interface Label {
  readonly name: string;
  /** Goes there. */
  br(): Statement;
  /** Goes there if the condition is not 0. */
  brIf(condition: Operand<"i32">): Statement;
}

/** A function that can be called: defined in the module, or imported. */
export interface Callee {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly result: ResultType;
}

export type Node = { readonly type: ResultType } & (
  | {
      readonly kind: "instruction";
      readonly name: string;
      readonly instruction: Instruction;
      readonly operands: readonly Expr[];
      readonly immediates: readonly unknown[];
    }
  | { readonly kind: "local.get"; readonly local: Local }
  | { readonly kind: "local.set" | "local.tee"; readonly local: Local; readonly value: Expr }
  | { readonly kind: "block" | "loop"; readonly label: Label; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly condition: Expr;
      readonly whenTrue: readonly Statement[];
      readonly whenFalse: readonly Statement[];
    }
  | { readonly kind: "br"; readonly label: Label }
  | { readonly kind: "br_if"; readonly label: Label; readonly condition: Expr }
  | { readonly kind: "call"; readonly callee: Callee; readonly operands: readonly Expr[] }
  /** Plain opcodes of the stack: select, drop, return, unreachable. */
  | { readonly kind: "plain"; readonly name: keyof typeof plainCodes; readonly operands: readonly Expr[] }
);

export const plainCodes = { unreachable: 0x00, return: 0x0f, drop: 0x1a, select: 0x1b } as const;

export function flatten(code: Code): Statement[] {
  return "kind" in code ? [code] : code.flatMap(flatten);
}

/** An operand as an expression: a local is read, a number becomes a constant of the type. */
export function toExpr<T extends ValueType>(type: T, operand: Operand<T>): Expr<T> {
  if (typeof operand === "number" || typeof operand === "bigint") {
    const row: Instruction = instructions[type].const;
    const constant = { kind: "instruction", type, name: `${type}.const`, instruction: row } as const;
    return { ...constant, operands: [], immediates: [operand] };
  }
  return (operand as Local<T> | Expr<T>).kind === "local" ? (operand as Local<T>).get : (operand as Expr<T>);
}

export function createLocal<T extends ValueType>(type: T, name?: string): Local<T> {
  const local: Local<T> = {
    kind: "local",
    type,
    name,
    get get(): Expr<T> {
      return { kind: "local.get", type, local };
    },
    set: (value) => ({
      kind: "local.set",
      type: "none",
      local,
      value: toExpr(type, value),
    }),
    tee: (value) => ({ kind: "local.tee", type, local, value: toExpr(type, value) }),
  };
  return local;
}

export function createLabel(name: string): Label {
  const label: Label = {
    name,
    br: () => ({ kind: "br", type: "none", label }),
    brIf: (condition) => ({ kind: "br_if", type: "none", label, condition: toExpr("i32", condition) }),
  };
  return label;
}
