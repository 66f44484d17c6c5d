// Holds the house to its plan: the table "Rooms" of ARCHITECTURE.md says which folder may import which, and
// this test reads it there. Also: hosts' globals only where hosts are, a sentence at the top of every file,
// and no file that has grown too long.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..");
const LONGEST_FILE = 300;

/** Written by a program, from .proto files. */
const generated = new Set(["src/import/onnx/onnx_pb.ts", "src/import/tensorflow/graphdef_pb.ts"]);
/** Folders that may use `node:` modules and the DOM. */
const hosts = new Set(["host", "cli"]);
/** npm packages, by the folders that may import them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  import: ["@bufbuild/protobuf"],
  cli: ["commander"],
  charts: ["@observablehq/plot", "linkedom"],
};
/** What the page's API (src/index.ts) must not carry. */
const notInPages = new Set(["import", "passes", "quantize", "train", "export", "evaluate", "cli"]);

/** Helpers of tests, beside them; nothing but tests and helpers imports one. */
const helper = /\/test(?:ing)?(?:[-_][\w-]+)?\.ts$/;

interface Import {
  /** As written. */
  from: string;
  typeOnly: boolean;
}

interface Source {
  /** From the project's root, with slashes. */
  path: string;
  text: string;
}

/** Words of the table that are not folders. */
const phrases: Readonly<Record<string, (target: string, found: Import) => boolean>> = {
  "–": () => false,
  "kernels' layout": (target) => target === "src/kernels/layout.ts",
  types: (_, found) => found.typeOnly,
  "and what needs no host": (target) => folderOf(target) !== "cli",
  "public entry points": (target) => folderOf(target) === "" || target.endsWith("/index.ts"),
};

function sources(): Source[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name.split(sep).join("/")}`)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !generated.has(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** "src/model/shapes/x.ts" → "model"; "" for files of src itself. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1] : "";
}

/** Folder → what its row of the table allows. */
function readTable(markdown: string): Map<string, readonly string[]> {
  const rows = markdown.matchAll(/^\| `src\/(\w+)` \|[^|]*\|([^|]*)\|$/gm);
  return new Map(
    Array.from(rows, ([, folder, cell]) => [folder, cell.split(",").map((word) => word.trim())]),
  );
}

/** The text without comments and, if asked, without what is between quotes. */
function strip(text: string, quotes: boolean): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return text.replace(pattern, (found) => (found.startsWith("/") ? "" : quotes ? '""' : found));
}

function importsOf(text: string): Import[] {
  const clause =
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^"';=]*?from\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return Array.from(strip(text, false).matchAll(clause), ([, type, statement, dynamic]) => ({
    from: statement ?? dynamic,
    typeOnly: type !== undefined,
  }));
}

/** Why a file may not import something; undefined when it may. */
function objection(
  path: string,
  found: Import,
  table: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const folder = folderOf(path);
  if (helper.test(path)) return undefined;
  if (found.from.startsWith("node:"))
    return hosts.has(folder) ? undefined : "node: modules belong in src/host and src/cli";
  if (!found.from.startsWith(".")) {
    const allowed = packages[folder]?.some(
      (name) => found.from === name || found.from.startsWith(`${name}/`),
    );
    return allowed ? undefined : "not a package this folder may use";
  }
  const target = relative(root, resolve(root, dirname(path), found.from))
    .split(sep)
    .join("/");
  const other = folderOf(target);
  if (helper.test(target)) return "it is a helper of tests";
  if (other === folder || target === "src/errors.ts") return undefined;
  if (folder === "")
    return path === "src/index.ts" && notInPages.has(other)
      ? "the run-time API must not carry it"
      : undefined;
  const allowed = table.get(folder) ?? [];
  const may = allowed.some((word) => (phrases[word] ? phrases[word](target, found) : word === other));
  return may ? undefined : `src/${folder} may import: ${allowed.join(", ")}`;
}

const globals =
  "document navigator location localStorage sessionStorage indexedDB caches fetch XMLHttpRequest Worker AudioContext " +
  "HTMLElement process Buffer require __dirname __filename";

/** Names of a host's globals that a text uses as such (not as a property, a key or a name of its own). */
function hostGlobals(text: string): string[] {
  const code = strip(text, true);
  return globals.split(" ").filter((name) => {
    const own = new RegExp(
      `\\b(?:const|let|var|function|class|interface|type|import)\\s+[{[]?[^=;]*\\b${name}\\b`,
    );
    return new RegExp(`(?<![.\\w$])${name}\\s*[.(<]|\\bnew ${name}\\b`).test(code) && !own.test(code);
  });
}

function report(problems: readonly string[]): void {
  assert.ok(problems.length === 0, `\n${problems.join("\n")}`);
}

const table = readTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));

test("every folder of src is in the table, and every word of the table is understood", () => {
  const folders = new Set(sources().map(({ path }) => folderOf(path)));
  const missing = [...folders].filter((folder) => folder !== "" && !table.has(folder));
  const words = [...table.values()].flat().filter((word) => !phrases[word] && !table.has(word));
  report([
    ...missing.map((folder) => `src/${folder} is not in ARCHITECTURE.md`),
    ...words.map((word) => `"${word}"?`),
  ]);
});

test("imports run only where the table lets them", () => {
  report(
    sources().flatMap(({ path, text }) =>
      importsOf(text).flatMap((found) => {
        const why = objection(path, found, table);
        return why === undefined ? [] : [`${path} imports ${found.from}: ${why}`];
      }),
    ),
  );
});

test("the globals of hosts appear in host and cli only", () => {
  report(
    sources()
      .filter(({ path }) => !hosts.has(folderOf(path)))
      .flatMap(({ path, text }) => hostGlobals(text).map((name) => `${path} uses ${name}`)),
  );
});

test("every file opens with a sentence on what it is", () => {
  report(
    sources()
      .filter(({ text }) => !/^(?:#![^\n]*\n)?\/[/*]+ ?\S+ \S+/.test(text))
      .map(({ path }) => `${path} does not`),
  );
});

test(`no file has more than ${LONGEST_FILE} lines`, () => {
  report(
    sources()
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > LONGEST_FILE)
      .map(({ path, lines }) => `${path} has ${lines}`),
  );
});

test("the checks above notice what they are for", () => {
  const rules = readTable("| `src/model` | graph | tensor |\n| `src/passes` | x | kernels' layout, model |");
  const judge = (path: string, text: string) =>
    importsOf(text).map((found) => objection(path, found, rules) !== undefined);
  const text = `
    import { a, type B } from "../tensor/tensor.ts";
    import type { C } from "../kernels/layout.ts"; // import "../wasm/index.ts"
    export * from "../errors.ts";
    import {
      d,
    } from "./infer.ts";
    const e = await import("node:fs");
    import "left-pad";
    export const f = "../runtime/session.ts";`;
  assert.deepEqual(judge("src/model/x.ts", text), [false, true, false, false, true, true]);
  assert.deepEqual(judge("src/passes/x.ts", 'import { p } from "../kernels/layout.ts"; '), [false]);
  assert.deepEqual(judge("src/passes/x.ts", 'import { p } from "../kernels/table.ts"; '), [true]);
  assert.deepEqual(judge("src/model/x.ts", 'import { p } from "./test-model.ts"; '), [true]);
  assert.deepEqual(judge("src/index.ts", 'export { p } from "./import/index.ts"; '), [true]);
  assert.deepEqual(hostGlobals("// document.title\nconst x = node.document.title + 'fetch()';"), []);
  assert.deepEqual(hostGlobals("await fetch(url); process.env.X; new Worker(y)"), [
    "fetch",
    "Worker",
    "process",
  ]);
});
