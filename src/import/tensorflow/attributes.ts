// Attributes of a node by name and kind. One that is absent has its operator's default; one of another kind is an error.

import { OctavoxError } from "../../errors.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { AttrValue } from "./graphdef_pb.ts";
import type { TfNode } from "./nodes.ts";
import { shapeOf, typeName } from "./tensor.ts";

type Value = Exclude<AttrValue["value"], { case: undefined }>;
type Kinds = { [Each in Value as Each["case"]]: Each["value"] };

const decoder = new TextDecoder();

function read<Kind extends keyof Kinds>(node: TfNode, name: string, kind: Kind): Kinds[Kind] | undefined {
  const value = Object.hasOwn(node.attr, name) ? node.attr[name].value : undefined;
  if (value?.case === undefined) return undefined;
  if (value.case === kind) return value.value as Kinds[Kind];
  throw new OctavoxError("format", `attribute ${name} of node "${node.name}" (${node.op})`, {
    expected: `kind "${kind}"`,
    found: `"${value.case}"`,
  });
}

export const attribute = {
  text: (node: TfNode, name: string, without: string): string => {
    const bytes = read(node, name, "s");
    return bytes ? decoder.decode(bytes) : without;
  },
  int: (node: TfNode, name: string, without: number): number => Number(read(node, name, "i") ?? without),
  float: (node: TfNode, name: string, without: number): number => read(node, name, "f") ?? without,
  flag: (node: TfNode, name: string, without = false): boolean => read(node, name, "b") ?? without,
  ints: (node: TfNode, name: string): number[] | undefined => read(node, name, "list")?.i.map(Number),
  tensor: (node: TfNode, name: string) => read(node, name, "tensor"),
  /** Sizes, −1 for open ones; undefined when not even the rank is known. */
  shape: (node: TfNode, name: string): number[] | undefined => shapeOf(read(node, name, "shape")),
  /** @throws OctavoxError `unsupported` for types octavox lacks */
  dtype(node: TfNode, name: string): DType {
    const type = read(node, name, "type") ?? 0;
    const found = typeName(type);
    if (found) return found;
    throw new OctavoxError("unsupported", `type ${name} of node "${node.name}" (${node.op})`, {
      expected: "an element type octavox has",
      found: `TensorFlow's number ${type}`,
    });
  },
};
