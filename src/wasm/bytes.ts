// The binary printer: a module definition → the bytes of a WebAssembly module. Sections follow the
// specification's order; every number is LEB128 unless it says otherwise.

import type { FunctionDefinition } from "./function.ts";
import type { MemoryImport, ModuleDefinition } from "./module.ts";
import type { Instruction, MemoryArgument, ResultType, Shape, ValueType } from "./signature.ts";
import { type Callee, type Label, type Local, type Node, plainCodes } from "./tree.ts";

const typeCodes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const controlCodes = { block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, br_if: 0x0d };
const localCodes = { "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22 };
const callCode = 0x10;
const emptyBlock = 0x40;

/** What a function's code refers to by number. */
interface Context {
  readonly functions: ReadonlyMap<Callee, number>;
  readonly locals: ReadonlyMap<Local, number>;
  readonly labels: Label[];
}

export function printBytes(module: ModuleDefinition): Uint8Array<ArrayBuffer> {
  const callees: Callee[] = [...module.imports, ...module.functions];
  const functions = new Map(callees.map((callee, index) => [callee, index]));
  const types = [
    ...new Map(callees.map((callee) => [String(functionType(callee)), functionType(callee)])).values(),
  ];
  const typeOf = (callee: Callee) => types.findIndex((type) => String(type) === String(functionType(callee)));

  const imports = [
    ...(module.memory ? [memoryImport(module.memory)] : []),
    ...module.imports.map((callee) => [
      ...text(callee.module),
      ...text(callee.name),
      0x00,
      ...leb(typeOf(callee)),
    ]),
  ];
  const exported = module.functions.filter((definition) => definition.exported);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, imports),
    ...section(
      3,
      module.functions.map((definition) => leb(typeOf(definition))),
    ),
    ...section(
      7,
      exported.map((e) => [...text(e.name), 0x00, ...leb(functions.get(e)!)]),
    ),
    ...section(
      10,
      module.functions.map((definition) => functionBody(definition, functions)),
    ),
  ]);
}

function functionType({ params, result }: Callee): number[] {
  return [0x60, ...vector(params.map((type) => [typeCodes[type]])), ...resultTypes(result)];
}

function resultTypes(result: ResultType): number[] {
  return result === "none" ? [0] : [1, typeCodes[result]];
}

function memoryImport({ module, name, min, max, shared }: MemoryImport): number[] {
  const flags = (max === undefined ? 0 : 1) | (shared ? 2 : 0);
  return [...text(module), ...text(name), 0x02, flags, ...leb(min), ...(max === undefined ? [] : leb(max))];
}

function functionBody(definition: FunctionDefinition, functions: ReadonlyMap<Callee, number>): number[] {
  const all = [...definition.parameters, ...definition.locals];
  const locals = new Map(all.map((local, index) => [local, index]));
  const code: number[] = localRuns(definition.locals);
  for (const statement of definition.body) emit(statement, { functions, locals, labels: [] }, code);
  code.push(controlCodes.end);
  return [...leb(code.length), ...code];
}

/** Locals are declared as runs of one type. */
function localRuns(locals: readonly Local[]): number[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const { type } of locals) {
    const run = runs.at(-1);
    if (run?.type === type) run.count++;
    else runs.push({ type, count: 1 });
  }
  return vector(runs.map(({ type, count }) => [...leb(count), typeCodes[type]]));
}

/** Appends the code of a node: operands first, then the instruction. */
function emit(node: Node, context: Context, code: number[]): void {
  switch (node.kind) {
    case "instruction":
      emitAll(node.operands, context, code);
      code.push(...opcode(node.instruction.code), ...immediates(node.instruction, node.immediates));
      return;
    case "local.get":
      code.push(localCodes[node.kind], ...leb(context.locals.get(node.local)!));
      return;
    case "local.set":
    case "local.tee":
      emit(node.value, context, code);
      code.push(localCodes[node.kind], ...leb(context.locals.get(node.local)!));
      return;
    case "block":
    case "loop":
      code.push(controlCodes[node.kind], emptyBlock);
      emitAll(node.body, { ...context, labels: [node.label, ...context.labels] }, code);
      code.push(controlCodes.end);
      return;
    case "if":
      emitIf(node, context, code);
      return;
    case "br":
      code.push(controlCodes.br, ...leb(context.labels.indexOf(node.label)));
      return;
    case "br_if":
      emit(node.condition, context, code);
      code.push(controlCodes.br_if, ...leb(context.labels.indexOf(node.label)));
      return;
    case "call":
      emitAll(node.operands, context, code);
      code.push(callCode, ...leb(context.functions.get(node.callee)!));
      return;
    case "plain":
      emitAll(node.operands, context, code);
      code.push(plainCodes[node.name]);
  }
}

function emitAll(nodes: readonly Node[], context: Context, code: number[]): void {
  for (const node of nodes) emit(node, context, code);
}

/** An `if` is a block too: branches inside it count one label more, one that nothing can name. */
function emitIf(node: Extract<Node, { kind: "if" }>, context: Context, code: number[]): void {
  const unnamed = { name: "" } as Label;
  const inner = { ...context, labels: [unnamed, ...context.labels] };
  emit(node.condition, context, code);
  code.push(controlCodes.if, emptyBlock);
  emitAll(node.whenTrue, inner, code);
  if (node.whenFalse.length > 0) code.push(controlCodes.else);
  emitAll(node.whenFalse, inner, code);
  code.push(controlCodes.end);
}

function opcode(code: number): number[] {
  return code > 0xff ? [code >> 12, ...leb(code & 0xfff)] : [code];
}

function immediates({ immediate, bytes }: Instruction, values: readonly unknown[]): number[] {
  switch (immediate) {
    case "none":
      return [];
    case "memory":
      return memoryArgument(values[0] as MemoryArgument | undefined, bytes);
    case "lane":
      return [values[0] as number];
    case "memoryLane":
      return [...memoryArgument(values[1] as MemoryArgument | undefined, bytes), values[0] as number];
    case "shuffle":
      return [...(values[0] as readonly number[])];
    case "i32":
      return signedLeb(BigInt((values[0] as number) | 0));
    case "i64":
      return signedLeb(BigInt.asIntN(64, values[0] as bigint));
    case "f32":
      return [...new Uint8Array(Float32Array.of(values[0] as number).buffer)];
    case "f64":
      return [...new Uint8Array(Float64Array.of(values[0] as number).buffer)];
    case "v128":
      return vectorConstant(values[0] as Shape, values.slice(1) as number[]);
    case "memoryIndex":
      return [0];
    case "memoryIndexes":
      return [0, 0];
  }
}

function memoryArgument({ offset = 0, align }: MemoryArgument = {}, bytes: number): number[] {
  return [Math.log2(align ?? bytes), ...leb(offset)];
}

const laneWriters = {
  i8x16: (values: number[]) => Int8Array.from(values),
  i16x8: (values: number[]) => Int16Array.from(values),
  i32x4: (values: number[]) => Int32Array.from(values),
  i64x2: (values: number[]) => BigInt64Array.from(values.map(BigInt)),
  f32x4: (values: number[]) => Float32Array.from(values),
  f64x2: (values: number[]) => Float64Array.from(values),
};

/** The values of every lane: those given, repeated. */
export function laneValues(shape: Shape, values: readonly number[]): number[] {
  const lanes = Number(shape.split("x")[1]);
  return Array.from({ length: lanes }, (_, i) => values[i % values.length]);
}

function vectorConstant(shape: Shape, values: readonly number[]): number[] {
  return [...new Uint8Array(laneWriters[shape](laneValues(shape, values)).buffer)];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  if (items.length === 0) return [];
  const content = vector(items);
  return [id, ...leb(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...leb(bytes.length), ...bytes];
}

function leb(value: number): number[] {
  const bytes = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signedLeb(value: bigint): number[] {
  const bytes = [];
  let rest = value;
  // The last byte's bit 6 is the sign of all that is left out.
  for (; rest < -64n || rest > 63n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest & 0x7fn)];
}
