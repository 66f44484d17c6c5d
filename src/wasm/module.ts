// Building a module: an imported memory, imported functions, and functions exported by their names. It
// prints itself as bytes for the host; `text.ts` prints it for people.

import { printBytes } from "./bytes.ts";
import { FunctionBuilder, type FunctionDefinition } from "./function.ts";
import type { ResultType, ValueType } from "./signature.ts";
import {
  type Callee,
  type Code,
  createLocal,
  type Expr,
  flatten,
  type Local,
  type Operand,
  toExpr,
} from "./tree.ts";

/** Pages are 64 KiB; a shared memory needs a maximum. */
export interface MemoryImport {
  readonly module: string;
  readonly name: string;
  readonly min: number;
  readonly max?: number | undefined;
  readonly shared?: boolean;
}

export interface FunctionImport extends Callee {
  readonly module: string;
}

/** Everything a printer needs. */
export interface ModuleDefinition {
  readonly memory: MemoryImport | undefined;
  readonly imports: readonly FunctionImport[];
  readonly functions: readonly FunctionDefinition[];
}

type Parameters = Record<string, ValueType>;
type Locals<P extends Parameters> = { readonly [K in keyof P]: Local<P[K]> };
type Arguments<P extends Parameters> = { readonly [K in keyof P]: Operand<P[K]> };

export interface Signature<P extends Parameters, R extends ResultType> {
  /** Name → type, in the order of the call. */
  params: P;
  /** Left out: no result. */
  result?: R;
  /** Functions are exported by their names unless this is false. */
  exported?: boolean;
}

/** A function that other functions of the module can call, with its arguments by name. */
export interface FunctionReference<P extends Parameters, R extends ResultType> extends Callee {
  call(args: Arguments<P>): Expr<R>;
}

export class ModuleBuilder implements ModuleDefinition {
  memory: MemoryImport | undefined;
  readonly imports: FunctionImport[] = [];
  readonly functions: FunctionDefinition[] = [];

  /** The one memory of the module. */
  importMemory(module: string, name: string, limits: Omit<MemoryImport, "module" | "name">): void {
    this.memory = { module, name, ...limits };
  }

  importFunc<const P extends Parameters, R extends ResultType = "none">(
    module: string,
    name: string,
    signature: Omit<Signature<P, R>, "exported">,
  ): FunctionReference<P, R> {
    const callee = { module, name, ...calleeTypes(signature) };
    this.imports.push(callee);
    return createReference(callee, signature);
  }

  func<const P extends Parameters, R extends ResultType = "none">(
    name: string,
    signature: Signature<P, R>,
    body: (f: FunctionBuilder<R>, params: Locals<P>) => Code,
  ): FunctionReference<P, R> {
    const types = calleeTypes(signature);
    const parameters = Object.entries(signature.params).map(([label, type]) => createLocal(type, label));
    const builder = new FunctionBuilder<R>(types.result as R);
    const statements = body(
      builder,
      Object.fromEntries(parameters.map((local) => [local.name, local])) as Locals<P>,
    );
    const callee = {
      name,
      ...types,
      exported: signature.exported ?? true,
      parameters,
      locals: builder.declared,
      body: flatten(statements),
    };
    this.functions.push(callee);
    return createReference(callee, signature);
  }

  /** The module as WebAssembly.Module takes it. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return printBytes(this);
  }
}

function calleeTypes<P extends Parameters, R extends ResultType>({ params, result }: Signature<P, R>) {
  return { params: Object.values(params) as ValueType[], result: result ?? ("none" as const) };
}

/** Makes `callee` callable with named arguments; the object stays the same, printers find it by identity. */
function createReference<P extends Parameters, R extends ResultType>(
  callee: Callee,
  { params }: Signature<P, R>,
): FunctionReference<P, R> {
  const call = (args: Arguments<P>): Expr<R> => {
    const operands = Object.entries(params).map(([name, type]) =>
      toExpr(type, args[name] as Operand<typeof type>),
    );
    return { kind: "call", type: callee.result as R, callee, operands };
  };
  return Object.assign(callee, { call });
}
