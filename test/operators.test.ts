// docs/operators.md names the operators that there are, and no others.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkOperators } from "../src/model/infer-with.ts";
import { allRules } from "../src/model/shapes/all.ts";
import { operators } from "../src/reference/operators/index.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/operators.md"), "utf8");
const [table, onnx] = page.split("## ONNX's operators");
const own = Array.from(table.matchAll(/^\| (`.*?) *\|/gm), ([, cell]) =>
  cell.replace(/[` ]/g, "").split(","),
).flat();
const listed = onnx
  .split("\n\n")[2]
  .replace(/[.\n]/g, " ")
  .split(",")
  .map((name) => name.trim());
/** In the reference, but not for sessions. */
const refused = ["Loop"];

test("every operator of the reference is on the page, and every one on the page is there", () => {
  const named = new Set([...own, ...listed, ...refused]);
  assert.deepEqual([...named].sort(), Object.keys(operators).sort());
});

test("every operator on the page can be planned", () => {
  for (const op of [...own, ...listed]) {
    const node = { name: "n", op, inputs: [], outputs: [], attributes: {} };
    checkOperators({ name: "g", inputs: [], outputs: [], nodes: [node], constants: new Map() }, allRules);
  }
});
