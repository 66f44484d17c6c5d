import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPatterns, matches, type NamedLayer } from "./patterns.ts";
import { schemeNamed, schemes } from "./schemes.ts";

const layer = (name: string, op: string, roles: NamedLayer["roles"] = new Set()): NamedLayer => ({
  name,
  op,
  roles,
});

test("every listed scheme is found by its own name", () => {
  for (const [name, scheme] of Object.entries(schemes)) {
    assert.equal(schemeNamed(name), scheme);
    assert.equal(scheme.name, name);
  }
});

test("a name of the grammar says the bits, the range and what shares a scale", () => {
  const channel = { symmetric: true, granularity: "channel" };
  assert.deepEqual(schemeNamed("w6a8").weights, { bits: 6, ...channel });
  assert.deepEqual(schemeNamed("w8a12").activations, { bits: 12, symmetric: true, range: "calibrated" });
  assert.deepEqual(schemeNamed("w8a8-dynamic-gate"), {
    name: "w8a8-dynamic-gate",
    weights: { bits: 8, symmetric: true, granularity: "gate" },
    activations: { bits: 8, symmetric: false, range: "dynamic" },
    rules: [],
  });
  const blocks = schemeNamed("w4-block32");
  assert.deepEqual(blocks.weights?.granularity, { block: 32 });
  assert.equal(blocks.activations, undefined);
  assert.deepEqual(schemeNamed("article6").activations?.bits, 6);
});

test("few bits leave depthwise layers at eight", () => {
  for (const name of ["w4a8", "w3a8", "w4"]) {
    const [rule] = schemeNamed(name).rules ?? [];
    assert.equal(rule.layers, "@depthwise");
    assert.equal(rule.scheme.weights?.bits, 8);
  }
});

test("what reads the graph's input gets 16 bits of it, where ranges are calibrated", () => {
  for (const name of ["w8a8", "w4a8", "w6a4"]) {
    const scheme = schemeNamed(name);
    const { layers, scheme: own } = scheme.rules!.at(-1)!;
    assert.deepEqual([layers, own.activations?.bits, own.weights], ["@first", 16, scheme.weights]);
  }
  for (const name of ["w8a16", "w8", "w8a8-dynamic", "article6", "pow2"])
    assert.ok(!schemeNamed(name).rules?.some(({ layers }) => layers === "@first"), name);
});

test("other names are errors that say what there is", () => {
  for (const name of ["w8b8", "w1a8", "w17", "article1", "w4-block7", "", "constructor"])
    assert.throws(() => schemeNamed(name), { code: "argument", message: new RegExp(`"${name}": expected`) });
});

test("a pattern is a glob over names, an operator, or a role", () => {
  const conv = layer("/blocks/3/conv.0", "Conv", new Set(["@depthwise"]));
  for (const pattern of ["Conv", "@depthwise", "/blocks/*", "*", "*/conv.?", "/blocks/3/conv.0"])
    assert.ok(matches(pattern, conv), pattern);
  for (const pattern of ["conv", "@first", "/blocks", "/blocks/?", "*/convx0", "/blocks/3/conv.0?"])
    assert.ok(!matches(pattern, conv), pattern);
  const star = `${"a*".repeat(30)}b`;
  assert.ok(!matches(star, layer("a".repeat(3000), "x")), "and takes no exponential time");
});

test("a pattern that no layer matches is a mistake", () => {
  const layers = [layer("encoder/1", "Conv"), layer("encoder/2", "Gemm")];
  checkPatterns(["Conv", "encoder/*"], layers);
  assert.throws(() => checkPatterns(["decoder/*"], layers), {
    code: "argument",
    message: /"decoder\/\*".*no layer like that among 2\. Layers are called encoder\/1, encoder\/2$/,
  });
  assert.throws(() => checkPatterns(["@none"], layers), { code: "argument", message: /@depthwise/ });
});
