import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleBuilder } from "../wasm/index.ts";
import { allFamilies } from "./families/all.ts";
import { productFamilies } from "./products.ts";

test("the table names every product that the module has, and no others", () => {
  const module = new ModuleBuilder();
  for (const add of allFamilies) add(module, { dot: "plain", tile: { rows: 4, columns: 8 } });
  const exported = module.functions.filter((f) => f.exported).map(({ name }) => name);
  const named = productFamilies.flatMap(({ word, results }) =>
    results.length === 0 ? [`matmul_${word}`] : results.map((result) => `matmul_${word}_${result}`),
  );
  assert.deepEqual(exported.filter((name) => name.startsWith("matmul_")).sort(), named.sort());
});

test("every product has a form for one row", () => {
  const module = new ModuleBuilder();
  for (const add of allFamilies) add(module, { dot: "plain", tile: { rows: 4, columns: 8 } });
  const names = module.functions.map(({ name }) => name);
  for (const { word } of productFamilies)
    assert.ok(
      names.some((name) => new RegExp(`^matmul_${word}_1(x|_rows)`).test(name)),
      word,
    );
});
