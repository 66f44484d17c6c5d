// The binary printer: a module definition → the bytes of a WebAssembly module. Sections follow the
// specification's order.

import { OctavoxError } from "../errors.ts";
import type { FunctionDefinition } from "./function.ts";
import { writeImmediates } from "./immediates.ts";
import type { MemoryImport, ModuleDefinition } from "./module.ts";
import type { ValueType } from "./signature.ts";
import { type Callee, type Label, type Local, type Node, plainCodes } from "./tree.ts";
import { ByteWriter } from "./writer.ts";

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const sections = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const typeCodes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const controlCodes = { block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, br_if: 0x0d };
const localCodes = { "local.get": 0x20, "local.set": 0x21, "local.tee": 0x22 };
const callCode = 0x10;
const functionForm = 0x60;
const emptyBlock = 0x40;
/** What is imported or exported. */
const functionKind = 0x00;
const memoryKind = 0x02;

export function printBytes(module: ModuleDefinition): Uint8Array<ArrayBuffer> {
  const callees: Callee[] = [...module.imports, ...module.functions];
  const functions = new Map(callees.map((callee, index) => [callee, index]));
  const types = new Map(callees.map((callee) => [typeKey(callee), callee]));
  const typeIndexes = new Map([...types.keys()].map((key, index) => [key, index]));
  const typeOf = (callee: Callee) => typeIndexes.get(typeKey(callee))!;
  const imports = [...(module.memory ? [module.memory] : []), ...module.imports];
  const exported = module.functions.filter((definition) => definition.exported);

  const out = new ByteWriter();
  out.bytes(header);
  writeSection(out, sections.type, [...types.values()], writeType);
  writeSection(out, sections.import, imports, (to, item) => {
    to.text(item.module);
    to.text(item.name);
    if ("min" in item) writeMemory(to, item);
    else writeIndexed(to, functionKind, typeOf(item));
  });
  writeSection(out, sections.function, module.functions, (to, item) => to.unsigned(typeOf(item)));
  writeSection(out, sections.export, exported, (to, item) => {
    to.text(item.name);
    writeIndexed(to, functionKind, functions.get(item));
  });
  writeSection(out, sections.code, module.functions, (to, item) => to.sized(writeBody(item, functions)));
  return out.toBytes();
}

/** A section is left out when it has no items. */
function writeSection<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  write: (to: ByteWriter, item: T) => void,
): void {
  if (items.length === 0) return;
  const content = new ByteWriter();
  content.list(items, (item) => write(content, item));
  out.byte(id);
  out.sized(content);
}

function typeKey({ params, result }: Callee): string {
  return `${params} ${result}`;
}

function writeType(out: ByteWriter, { params, result }: Callee): void {
  out.byte(functionForm);
  out.list(params, (type) => out.byte(typeCodes[type]));
  out.list(result === "none" ? [] : [result], (type) => out.byte(typeCodes[type]));
}

function writeMemory(out: ByteWriter, { min, max, shared }: MemoryImport): void {
  out.byte(memoryKind);
  out.byte((max === undefined ? 0 : 1) | (shared ? 2 : 0));
  out.unsigned(min);
  if (max !== undefined) out.unsigned(max);
}

/** What a function's code is written to, and what it refers to by number. */
interface Context {
  readonly out: ByteWriter;
  readonly functions: ReadonlyMap<Callee, number>;
  readonly locals: ReadonlyMap<Local, number>;
  /** Innermost last; an `if` is a label too, one that nothing can name. */
  readonly labels: (Label | undefined)[];
}

function writeBody(definition: FunctionDefinition, functions: ReadonlyMap<Callee, number>): ByteWriter {
  const out = new ByteWriter();
  const all = [...definition.parameters, ...definition.locals];
  const locals = new Map(all.map((local, index) => [local, index]));
  writeLocals(out, definition.locals);
  writeNodes(definition.body, { out, functions, locals, labels: [] });
  out.byte(controlCodes.end);
  return out;
}

/** Locals are declared as runs of one type. */
function writeLocals(out: ByteWriter, locals: readonly Local[]): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const { type } of locals) {
    const run = runs.at(-1);
    if (run?.type === type) run.count++;
    else runs.push({ type, count: 1 });
  }
  out.list(runs, ({ type, count }) => {
    out.unsigned(count);
    out.byte(typeCodes[type]);
  });
}

function writeNodes(nodes: readonly Node[], context: Context): void {
  for (const node of nodes) writeNode(node, context);
}

/** Operands first, then the instruction. */
function writeNode(node: Node, context: Context): void {
  const { out } = context;
  switch (node.kind) {
    case "instruction":
      writeNodes(node.operands, context);
      writeOpcode(out, node.instruction.code);
      writeImmediates(out, node.instruction, node.immediates);
      return;
    case "local.set":
    case "local.tee":
      writeNode(node.value, context);
      writeIndexed(out, localCodes[node.kind], context.locals.get(node.local));
      return;
    case "local.get":
      writeIndexed(out, localCodes[node.kind], context.locals.get(node.local));
      return;
    case "block":
    case "loop":
      out.byte(controlCodes[node.kind]);
      out.byte(emptyBlock);
      writeInside(node.label, node.body, context);
      out.byte(controlCodes.end);
      return;
    case "if":
      writeIf(node, context);
      return;
    case "br":
      writeIndexed(out, controlCodes.br, depthOf(node.label, context));
      return;
    case "br_if":
      writeNode(node.condition, context);
      writeIndexed(out, controlCodes.br_if, depthOf(node.label, context));
      return;
    case "call":
      writeNodes(node.operands, context);
      writeIndexed(out, callCode, context.functions.get(node.callee));
      return;
    case "plain":
      writeNodes(node.operands, context);
      out.byte(plainCodes[node.name]);
  }
}

function writeIf(node: Extract<Node, { kind: "if" }>, context: Context): void {
  const { out } = context;
  writeNode(node.condition, context);
  out.byte(controlCodes.if);
  out.byte(emptyBlock);
  writeInside(undefined, node.whenTrue, context);
  if (node.whenFalse.length > 0) out.byte(controlCodes.else);
  writeInside(undefined, node.whenFalse, context);
  out.byte(controlCodes.end);
}

function writeInside(label: Label | undefined, body: readonly Node[], context: Context): void {
  context.labels.push(label);
  writeNodes(body, context);
  context.labels.pop();
}

/** How many labels lie between here and that one; undefined when it is not around this place. */
function depthOf(label: Label, { labels }: Context): number | undefined {
  const index = labels.lastIndexOf(label);
  return index < 0 ? undefined : labels.length - 1 - index;
}

function writeIndexed(out: ByteWriter, code: number, index: number | undefined): void {
  if (index === undefined)
    throw new OctavoxError("argument", "a local, label or function is used where it does not belong");
  out.byte(code);
  out.unsigned(index);
}

/** Codes above 0xff: a prefix byte, then a 12-bit number. */
function writeOpcode(out: ByteWriter, code: number): void {
  if (code > 0xff) {
    out.byte(code >> 12);
    out.unsigned(code & 0xfff);
  } else out.byte(code);
}
