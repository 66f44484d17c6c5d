// One 8-bit matrix product, uint8 × int8 → int32, as each engine offers it.

import { create, toBinary } from "@bufbuild/protobuf";
import { enableWide } from "../../src/host/index.ts";
import { ModelProtoSchema } from "../../src/import/onnx/onnx_pb.ts";
import { columnSums, packPanels } from "../../src/kernels/layout.ts";
import { type KernelSetName, loadKernels } from "../../src/kernels/load.ts";
import { importOrt, type OrtName } from "../onnxruntime.ts";

export type Shape = readonly [m: number, n: number, k: number];

export interface Product {
  /** Computes it once. */
  run(): void | Promise<void>;
  result(): Promise<Int32Array> | Int32Array;
}

/** A uint8 [m, k] with zero point 0, B int8 [k, n]. */
export type MakeProduct = (shape: Shape, a: Uint8Array, b: Int8Array) => Promise<Product>;

const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;

export function octavoxProduct(name: KernelSetName): MakeProduct {
  return async ([m, n, k], a, b) => {
    const memory = new WebAssembly.Memory({ initial: 512 });
    const { functions } = await loadKernels({ memory, force: name, enableWide });
    let next = 64;
    const put = (data: Uint8Array | Int8Array | Int32Array): number => {
      const at = next;
      next += Math.ceil((data.byteLength + 128) / 64) * 64;
      new Uint8Array(memory.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      return at;
    };
    const [x, panels, sums] = [put(a), put(packPanels(b, k, n)), put(columnSums(b, k, n))];
    const c = put(new Int32Array(m * n));
    const { matmul_u8s8_i32 } = functions;
    return {
      run: () => matmul_u8s8_i32(x, k, panels, c, n * 4, m, n, k, 0, sums, 0, 0),
      result: () => new Int32Array(memory.buffer.slice(c, c + 4 * m * n)),
    };
  };
}

export function onnxruntimeProduct(name: OrtName): MakeProduct {
  return async ([m, n, k], a, b) => {
    const { Tensor, open } = await importOrt(name);
    const session = await open(matMulInteger([m, n, k], b));
    const feeds = { a: new Tensor("uint8", a, [m, k]) };
    return {
      run: async () => void (await session.run(feeds)),
      result: async () => (await session.run(feeds)).c.data as Int32Array,
    };
  };
}

/** An ONNX model of one node, with B as a constant. */
function matMulInteger([m, n, k]: Shape, b: Int8Array): Uint8Array {
  const value = (name: string, elemType: number, dims: readonly number[]) => ({
    name,
    type: { tensorType: { elemType, shape: { dim: dims.map((dim) => ({ dimValue: BigInt(dim) })) } } },
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    graph: {
      name: "product",
      node: [{ opType: "MatMulInteger", name: "product", input: ["a", "b"], output: ["c"] }],
      input: [value("a", UINT8, [m, k])],
      output: [value("c", INT32, [m, n])],
      initializer: [
        {
          name: "b",
          dataType: INT8,
          dims: [k, n].map(BigInt),
          rawData: new Uint8Array(b.buffer as ArrayBuffer),
        },
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
