// Building one function: its locals, its control flow, and the few helpers kernels are written with. A
// builder only makes values (`tree.ts`); the statements a callback returns are the code.

import { i32 } from "./operators.ts";
import type { ResultType, ValueType } from "./signature.ts";
import type { Callee, Code, Label, Local, Operand, Statement } from "./tree.ts";
import { createLabel, createLocal, flatten, toExpr } from "./tree.ts";

/** A function as the printers want it: everything known. */
export interface FunctionDefinition extends Callee {
  readonly exported: boolean;
  readonly parameters: readonly Local[];
  readonly locals: readonly Local[];
  readonly body: readonly Statement[];
}

export class FunctionBuilder<R extends ResultType = ResultType> {
  readonly #result: R;
  readonly #locals: Local[] = [];
  #labels = 0;

  constructor(result: R) {
    this.#result = result;
  }

  /** All the locals made so far. */
  get declared(): readonly Local[] {
    return this.#locals;
  }

  /** A new local, 0 at first; the name is for the text only. */
  local<T extends ValueType>(type: T, name?: string): Local<T> {
    const local = createLocal(type, name);
    this.#locals.push(local);
    return local;
  }

  /** `count` locals of one type. */
  locals<T extends ValueType>(type: T, count: number, name?: string): Local<T>[] {
    return Array.from({ length: count }, (_, i) => this.local(type, name && `${name}${i}`));
  }

  /** Code that can be left: a branch to the label goes to its end. */
  block(body: (exit: Label) => Code): Statement {
    const label = createLabel(`exit${this.#labels++}`);
    return { kind: "block", type: "none", label, body: flatten(body(label)) };
  }

  /** Code that can be repeated: a branch to the label goes to its beginning; reaching the end leaves it. */
  loop(body: (again: Label) => Code): Statement {
    const label = createLabel(`again${this.#labels++}`);
    return { kind: "loop", type: "none", label, body: flatten(body(label)) };
  }

  if(condition: Operand<"i32">, body: () => Code, otherwise?: () => Code): Statement {
    const parts = { whenTrue: flatten(body()), whenFalse: otherwise ? flatten(otherwise()) : [] };
    return { kind: "if", type: "none", condition: toExpr("i32", condition), ...parts };
  }

  /** Repeats the body while the condition holds; the condition is checked before the first pass. */
  while(condition: Operand<"i32">, body: () => Code): Statement {
    return this.if(condition, () => this.loop((again) => [body(), again.brIf(condition)]));
  }

  /**
   * `for (i = from; i < to; i += step)`, unsigned, checked before the first pass. `to` and `step` are
   * computed again on every pass: give locals or numbers. `i + step` must not pass 2³².
   */
  for(
    i: Local<"i32">,
    from: Operand<"i32">,
    to: Operand<"i32">,
    step: Operand<"i32">,
    body: () => Code,
  ): Statement[] {
    const next = i.set(i32.add(i, step));
    return [i.set(from), this.while(i32.lt_u(i, to), () => [body(), next])];
  }

  /** Leaves the function; a function with a result must end with this. */
  return(...value: R extends ValueType ? [value: Operand<R>] : []): Statement {
    const operands = value.map((operand) => toExpr(this.#result as ValueType, operand));
    return { kind: "plain", name: "return", type: "none", operands };
  }
}
