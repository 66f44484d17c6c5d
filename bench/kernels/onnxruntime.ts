// onnxruntime's products as a contestant: a model of one node with B as a constant, as a converted model has it.

import { create, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "../../src/import/onnx/onnx_pb.ts";
import type { Prepare, Values } from "../contest/task.ts";
import type { Ort } from "../onnxruntime.ts";
import { families } from "./families.ts";
import type { Shape } from "./family.ts";
import { createRandom, seedOf } from "./random.ts";

/** ONNX's numbers for element types. */
const types = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;
type Type = keyof typeof types;

/** The operator for a family. */
const operators: Readonly<Record<string, { op: string; a: Type; b: Type; c: Type }>> = {
  u8s8: { op: "MatMulInteger", a: "uint8", b: "int8", c: "int32" },
  f32: { op: "MatMul", a: "float32", b: "float32", c: "float32" },
};

export function onnxruntimeProducts({ Tensor, open }: Ort): Prepare {
  return async ({ family, shape }) => {
    const operator = operators[family];
    if (!operator) return undefined;
    const { a, b } = families[family].operands(shape, createRandom(seedOf(shape)));
    const session = await open(oneNode(operator, shape, b));
    const feeds = { a: new Tensor(operator.a, a, [shape[0], shape[2]]) };
    return {
      run: async () => void (await session.run(feeds)),
      result: async () => (await session.run(feeds)).c.data as Values,
    };
  };
}

function oneNode({ op, a, b, c }: (typeof operators)[string], [m, n, k]: Shape, weights: Values): Uint8Array {
  const value = (name: string, type: Type, dims: readonly number[]) => ({
    name,
    type: {
      tensorType: { elemType: types[type], shape: { dim: dims.map((dim) => ({ dimValue: BigInt(dim) })) } },
    },
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    graph: {
      name: "product",
      node: [{ opType: op, name: "product", input: ["a", "b"], output: ["c"] }],
      input: [value("a", a, [m, k])],
      output: [value("c", c, [m, n])],
      initializer: [
        {
          name: "b",
          dataType: types[b],
          dims: [k, n].map(BigInt),
          rawData: new Uint8Array(weights.buffer as ArrayBuffer),
        },
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
