import assert from "node:assert/strict";
import { test } from "node:test";
import { readRefs } from "./refs.ts";

test("a line is a name, a tab and a text; marks of other systems and empty lines do no harm", () => {
  const refs = readRefs("\uFEFFone\tso it begins \r\n\r\ntwo\t\n");
  assert.deepEqual(refs, [
    { id: "one", text: "so it begins" },
    { id: "two", text: "" },
  ]);
});

test("what is wrong with a list is said with its line", () => {
  assert.throws(() => readRefs("a\tx\nb x\n"), {
    code: "format",
    message: /^refs\.tsv: line 2: .*tab.*"b x"/,
  });
  assert.throws(() => readRefs("\tx\n"), { code: "format", message: /line 1/ });
  assert.throws(() => readRefs("a\tx\na\ty\n"), { code: "format", message: /line 2.*once/ });
  assert.throws(() => readRefs("\n", "list.tsv"), { code: "format", message: /^list\.tsv: no references/ });
});
