// The graph under construction, and its layouts. TensorFlow's images are channels last, ONNX's channels first: what works
// on images takes and gives channels first, and between two such nodes nothing is turned.

import type { Attributes, Node } from "../../model/graph.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** [N, H, W, C] → [N, C, H, W], and back. */
const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Tensor>();
  /** Channels-last values → the same channels first. */
  private readonly firsts = new Map<string, string>();
  private readonly taken: Set<string>;
  /** How many names were made of a hint. */
  private readonly made = new Map<string, number>();

  /** @param names of the values there will be */
  constructor(names: Iterable<string>) {
    this.taken = new Set(names);
  }

  /** A name that no value has. */
  fresh(hint: string): string {
    let count = this.made.get(hint) ?? 0;
    let name = count === 0 ? hint : `${hint}#${count}`;
    while (this.taken.has(name)) name = `${hint}#${++count}`;
    this.made.set(hint, count + 1);
    this.taken.add(name);
    return name;
  }

  /** Adds a node of the name of its first output. */
  emit(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}): void {
    this.nodes.push({ name: outputs.find((output) => output !== "") ?? op, op, inputs, outputs, attributes });
  }

  /** Adds a node whose result gets a new name. */
  compute(hint: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.fresh(hint);
    this.emit(op, inputs, [output], attributes);
    return output;
  }

  constant(hint: string, tensor: Tensor): string {
    const name = this.fresh(hint);
    this.constants.set(name, tensor);
    return name;
  }

  /** A list of 64-bit integers: what ONNX takes as shapes, axes and indices. */
  ints(hint: string, values: readonly number[]): string {
    return this.constant(hint, new Tensor("int64", values, [values.length]));
  }

  /** A scalar. */
  float(hint: string, value: number): string {
    return this.constant(hint, new Tensor("float32", Float32Array.of(value), []));
  }

  /** Whether a value is there channels first already. */
  hasFirst(value: string): boolean {
    return this.firsts.has(value);
  }

  /** A channels-last image channels first. */
  first(value: string): string {
    const known = this.firsts.get(value);
    if (known !== undefined) return known;
    const made = this.compute(`${value}/first`, "Transpose", [value], { perm: TO_FIRST });
    this.firsts.set(value, made);
    return made;
  }

  /** Adds a node that gives an image channels first, and the image channels last for whoever asks for it so. */
  emitImage(op: string, inputs: readonly string[], output: string, attributes: Attributes = {}): void {
    const [first, last] = ["first", "last"].map((part) => this.fresh(`${output}/${part}`));
    this.firsts.set(output, first);
    this.nodes.push(
      { name: output, op, inputs, outputs: [first], attributes },
      { name: last, op: "Transpose", inputs: [first], outputs: [output], attributes: { perm: TO_LAST } },
    );
  }
}
