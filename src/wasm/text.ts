// The text printer: a module definition → the WebAssembly text format, folded and indented, for people who
// want to read what a generator made, and for other tools.

import type { FunctionDefinition } from "./function.ts";
import { laneValues } from "./immediates.ts";
import type { MemoryImport, ModuleDefinition } from "./module.ts";
import type { MemoryArgument, Shape } from "./signature.ts";
import type { Callee, Local, Node } from "./tree.ts";

/** A word, or a list in parentheses. */
type Form = string | readonly Form[];

const LINE = 100;

/** A module in the text format, for people. (No part of the builder: programs have no use for it.) */
export function printText(module: ModuleDefinition): string {
  const names = new Map(
    [...module.imports, ...module.functions].map((callee) => [callee, `$${callee.name}`]),
  );
  const forms: Form[] = [
    ...(module.memory ? [memoryForm(module.memory)] : []),
    ...module.imports.map((callee) => [
      "import",
      quote(callee.module),
      quote(callee.name),
      ["func", names.get(callee)!, ...typeForms(callee)],
    ]),
    ...module.functions.map((definition) => functionForm(definition, names)),
  ];
  return `${layout(["module", ...forms], "")}\n`;
}

function memoryForm({ module, name, min, max, shared }: MemoryImport): Form {
  const limits = [String(min), ...(max === undefined ? [] : [String(max)]), ...(shared ? ["shared"] : [])];
  return ["import", quote(module), quote(name), ["memory", ...limits]];
}

function typeForms({ params, result }: Callee): Form[] {
  const parameters = params.map((type) => ["param", type]);
  return result === "none" ? parameters : [...parameters, ["result", result]];
}

function functionForm(definition: FunctionDefinition, functions: ReadonlyMap<Callee, string>): Form {
  const locals = localNames([...definition.parameters, ...definition.locals]);
  const declare = (word: string) => (local: Local) => [word, locals.get(local)!, local.type];
  return [
    "func",
    functions.get(definition)!,
    ...(definition.exported ? [["export", quote(definition.name)]] : []),
    ...definition.parameters.map(declare("param")),
    ...(definition.result === "none" ? [] : [["result", definition.result]]),
    ...definition.locals.map(declare("local")),
    ...definition.body.map((statement) => form(statement, functions, locals)),
  ];
}

/** `$name`, or `$name_index` where the name is taken, or `$index` where there is none. */
function localNames(locals: readonly Local[]): Map<Local, string> {
  const taken = new Set<string>();
  return new Map(
    locals.map((local, index) => {
      const wanted = `$${local.name ?? index}`;
      const name = taken.has(wanted) ? `${wanted}_${index}` : wanted;
      taken.add(name);
      return [local, name];
    }),
  );
}

function form(node: Node, functions: ReadonlyMap<Callee, string>, locals: ReadonlyMap<Local, string>): Form {
  const all = (nodes: readonly Node[]) => nodes.map((child) => form(child, functions, locals));
  switch (node.kind) {
    case "instruction":
      return [node.name, ...immediateWords(node), ...all(node.operands)];
    case "local.get":
      return [node.kind, locals.get(node.local)!];
    case "local.set":
    case "local.tee":
      return [node.kind, locals.get(node.local)!, ...all([node.value])];
    case "block":
    case "loop":
      return [node.kind, `$${node.label.name}`, ...all(node.body)];
    case "if": {
      const otherwise = node.whenFalse.length > 0 ? [["else", ...all(node.whenFalse)]] : [];
      return ["if", ...all([node.condition]), ["then", ...all(node.whenTrue)], ...otherwise];
    }
    case "br":
      return ["br", `$${node.label.name}`];
    case "br_if":
      return ["br_if", `$${node.label.name}`, ...all([node.condition])];
    case "call":
      return ["call", functions.get(node.callee)!, ...all(node.operands)];
    case "plain":
      return [node.name, ...all(node.operands)];
  }
}

function immediateWords({ instruction, immediates }: Extract<Node, { kind: "instruction" }>): string[] {
  switch (instruction.immediate) {
    case "none":
    case "memoryIndex":
    case "memoryIndexes":
      return [];
    case "memory":
      return memoryWords(immediates[0] as MemoryArgument | undefined);
    case "memoryLane":
      return [...memoryWords(immediates[1] as MemoryArgument | undefined), String(immediates[0])];
    case "shuffle":
      return (immediates[0] as readonly number[]).map(String);
    case "v128": {
      const shape = immediates[0] as Shape;
      const word = shape.startsWith("f") ? floatWord : String;
      return [shape, ...laneValues(shape, immediates.slice(1) as number[]).map((value) => word(value))];
    }
    case "f32":
    case "f64":
      return [floatWord(immediates[0] as number)];
    case "lane":
    case "i32":
    case "i64":
      return [String(immediates[0])];
  }
}

function memoryWords({ offset, align }: MemoryArgument = {}): string[] {
  return [...(offset ? [`offset=${offset}`] : []), ...(align ? [`align=${align}`] : [])];
}

/** The shortest decimal that reads back as the same number; the sign of −0 is kept. */
function floatWord(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const digits = Number.isFinite(value) ? String(Math.abs(value)) : "inf";
  return value < 0 || Object.is(value, -0) ? `-${digits}` : digits;
}

function quote(name: string): string {
  return JSON.stringify(name);
}

/** On one line where it fits; else the leading words, then one line for each list, indented. */
function layout(part: Form, indent: string): string {
  const line = oneLine(part);
  if (typeof part === "string" || indent.length + line.length <= LINE) return line;
  const lists = part.findIndex((item) => typeof item !== "string");
  const words = part.slice(0, lists < 0 ? undefined : lists).join(" ");
  const inner = `${indent}  `;
  const rest = lists < 0 ? [] : part.slice(lists);
  return `(${words}${rest.map((item) => `\n${inner}${layout(item, inner)}`).join("")})`;
}

function oneLine(part: Form): string {
  return typeof part === "string" ? part : `(${part.map(oneLine).join(" ")})`;
}
