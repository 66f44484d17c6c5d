import { test } from "node:test";
import { removeIdentities } from "./identities.ts";
import { plainGather, plainPart, plainPower, plainReduction } from "./plain-forms.ts";
import { becomes, graph, int64, node, noise, scalar, stays } from "./testing-text.ts";

const one = (text: string, attributes = {}, dims: readonly (number | string)[] = [2, "time", 3]) =>
  graph({
    inputs: { x: dims },
    constants: {
      ...{ two: scalar(2), half: scalar(0.5), three: scalar(3), many: noise([3]) },
      ...{ last: int64(-1).reshape([]), first: int64(0), both: int64(0, 1) },
    },
    nodes: [node(text, attributes)],
  });

test("a square is a product, a power of a half a root; other powers stay", () => {
  becomes(plainPower, one("Pow: x two → y"), ["Mul"]);
  const positive = graph({
    inputs: { x: [4] },
    constants: { half: scalar(0.5) },
    nodes: ["Abs: x → a", "Pow: a half → y"],
  });
  becomes(plainPower, positive, ["Abs", "Sqrt"]);
  for (const exponent of ["three", "many"]) stays(plainPower, one(`Pow: x ${exponent} → y`));
});

test("one constant index is a slice; several, and one that is not there, stay", () => {
  becomes(plainGather, one("Gather: x last → y"), ["Slice", "Reshape"]);
  becomes(plainGather, one("Gather: x first → y", { axis: 2 }), ["Slice", "Reshape"]);
  stays(plainGather, one("Gather: x both → y"));
  stays(plainGather, one("Gather: x last → y", { axis: 1 }));
});

test("what is reduced along an axis of one value is as it was", () => {
  for (const op of ["ReduceMean", "ReduceMax"])
    for (const keepdims of [0, 1])
      becomes(plainReduction, one(`${op}: x → y`, { axes: [1], keepdims }, [2, 1, 3]), ["Reshape"]);
  stays(plainReduction, one("ReduceMean: x → y", { axes: [2], keepdims: 0 }, [2, 1, 3]));
  stays(plainReduction, one("ReduceMean: x → y", { axes: [1], keepdims: 0 }));
});

test("one part of one is the whole", () => {
  for (const text of ["Split: x → p", "Concat: x → p"]) {
    const parts = graph({ inputs: { x: [4, 3] }, nodes: [node(text, { axis: 0 }), "Neg: p → y"] });
    becomes(plainPart, parts, ["Identity", "Neg"]);
  }
  const two = graph({ inputs: { x: [4, 3] }, nodes: [node("Split: x → p q", { axis: 0 }), "Sub: p q → y"] });
  stays(plainPart, two);
});

test("a cast to the type that a value has changes nothing", () => {
  const cast = graph({ inputs: { x: [4] }, nodes: [node("Cast: x → c", { to: 1 }), "Neg: c → y"] });
  becomes(removeIdentities, cast, ["Neg"]);
});
