// What a converter of one operator gets and says: the shape of the tables in this folder.

import { OctavoxError } from "../../errors.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Known } from "./known.ts";
import type { TfNode } from "./nodes.ts";

/** A node to convert, what is known about its inputs, and where the ONNX nodes go. */
export interface Site {
  node: TfNode;
  known: Known;
  graph: GraphBuilder;
}

export interface Operator {
  /** Fewest and most inputs. */
  inputs: readonly [least: number, most: number];
  convert: (site: Site) => void;
}

export type Operators = Readonly<Record<string, Operator>>;

/** @throws OctavoxError `format` when a node has not the inputs its operator takes */
export function checkInputs({ name, op, inputs }: TfNode, [least, most]: Operator["inputs"]): void {
  if (inputs.length >= least && inputs.length <= most) return;
  const expected =
    least === most
      ? `${least}`
      : most === Number.POSITIVE_INFINITY
        ? `${least} or more`
        : `${least} to ${most}`;
  throw new OctavoxError("format", `node "${name}" (${op})`, {
    expected: `${expected} inputs`,
    found: `${inputs.length}`,
  });
}

export function unsupported({ name, op }: TfNode, expected: string, found: string): OctavoxError {
  return new OctavoxError("unsupported", `node "${name}" (${op})`, { expected, found });
}

/** The numbers of an input that ONNX has as an attribute. */
export function knownNumbers({ node, known }: Site, input: number, what: string): readonly number[] {
  const found = known.numbers(node.inputs[input]);
  if (found) return found;
  throw unsupported(
    node,
    `${what} known before the graph runs`,
    `"${node.inputs[input]}", which is computed`,
  );
}
