// A step through the reference: the operator's plain function, on copies of its inputs. It serves every operator
// that the kernels lack, and with kernels "reference" all of them.

import { OctavoxError } from "../errors.ts";
import type { Graph, Node } from "../model/graph.ts";
import type * as run from "../reference/run.ts";
import { elementBytes, type TypedArray, traits } from "../tensor/dtype.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { dimsNow, type Operand } from "./operand.ts";
import type { RunContext, Step } from "./step.ts";

/** All of the reference's operators: loaded when a plan needs one, so that most pages never fetch them. */
let reference: typeof run | undefined;

export async function loadReference(): Promise<void> {
  reference ??= await import("../reference/run.ts");
}

export function isReferenceLoaded(): boolean {
  return reference !== undefined;
}

export interface FallbackSite {
  node: Node;
  graph: Graph;
  opset: number;
  inputs: readonly (Operand | undefined)[];
  outputs: readonly (Operand | undefined)[];
  constant(name: string): Tensor | undefined;
  /** Values that the node's subgraphs take from the graph around them. */
  captured: ReadonlyMap<string, Operand>;
}

export function referenceStep(site: FallbackSite): Step {
  const { node, opset, constant } = site;
  return (context) => {
    const read = (operand: Operand | undefined): Tensor | undefined =>
      operand && (constant(operand.name) ?? tensorAt(operand, context));
    const visible = new Map([...site.captured].map(([name, operand]) => [name, read(operand)!]));
    const results = reference!.runNode(node, site.inputs.map(read), opset, visible);
    site.outputs.forEach((operand, index) => {
      if (operand) writeResult(node, operand, results[index], context);
    });
  };
}

/** A copy of an operand's present value. */
export function tensorAt(operand: Operand, { views, lengths }: RunContext): Tensor {
  const dims = dimsNow(operand, lengths);
  const count = sizeOf(dims);
  const bytes = views.u8.slice(operand.pointer, operand.pointer + count * elementBytes(operand.dtype));
  return new Tensor(operand.dtype, new (traits(operand.dtype).array)(bytes.buffer, 0, count) as never, dims);
}

/** Puts a tensor's bytes where an operand lies. */
export function writeTensor({ data }: Tensor, operand: Operand, { views }: RunContext): void {
  const bytes = data as TypedArray;
  views.u8.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), operand.pointer);
}

function writeResult(node: Node, operand: Operand, result: Tensor, context: RunContext): void {
  const planned = dimsNow(operand, context.lengths);
  if (String(planned) !== String(result.dims) || result.dtype !== operand.dtype)
    throw new OctavoxError("shape", `${node.op} "${node.name}"`, {
      expected: `${operand.dtype} [${planned.join(", ")}]`,
      found: `${result.dtype} [${result.dims.join(", ")}]`,
    });
  writeTensor(result, operand, context);
}
