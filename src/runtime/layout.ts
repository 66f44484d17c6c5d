// Which values of a graph need memory for a run, and where it is: constants and states have their place already,
// aliases lie inside another value, values that are known need no node to compute them, the rest shares the arena.

import { OctavoxError } from "../errors.ts";
import type { Dim } from "../model/dim.ts";
import type { Graph, Node } from "../model/graph.ts";
import { valuesUsedBy } from "../model/graph.ts";
import type { Fact } from "../model/shapes/site.ts";
import { elementBytes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { aliasOffset } from "./aliases.ts";
import { assignArena, type Lifetime } from "./arena.ts";
import type { Operand } from "./operand.ts";
import type { Append } from "./plan.ts";
import type { StateStore, StateUse } from "./states.ts";
import type { Weights } from "./weights.ts";

export interface LayoutRequest {
  graph: Graph;
  facts: ReadonlyMap<string, Fact>;
  bound(dim: Dim): number;
  states: readonly StateUse[];
  appends: ReadonlyMap<Node, Append>;
  store: StateStore;
  weights: Weights;
}

/** Operators whose kernels, and the reference, may write where they read an input: the first, or the one named. */
const inPlace: ReadonlyMap<string, number> = new Map([
  ..."Add Sub Mul Div Neg Abs Sqrt Exp Log Sin Cos Erf Tanh Sigmoid Relu Clip Gelu Swish Softmax AddQuantized"
    .concat(" GroupNorm LayerNormalization QuantizationResidual")
    .split(" ")
    .map((op) => [op, 0] as const),
  ["ConvIntegerToFloat", 7],
]);

type Placed = Operand & { pointer: number };

/** A stretch of the arena that one value (and its aliases) lives in. */
interface Block extends Lifetime {
  operands: { operand: Placed; offset: number }[];
}

export class Layout {
  /** The nodes to run, in order. */
  readonly nodes: readonly Node[];
  /** Values written before the first node. */
  readonly hostValues: readonly Operand[];
  private readonly request: LayoutRequest;
  private readonly operands = new Map<string, Operand>();
  private readonly blocks: Block[] = [];
  private readonly blockOf = new Map<string, { block: Block; offset: number }>();
  private readonly aliases = new Set<Node>();
  private scratches: (Block | undefined)[] = [];
  private base = 0;

  constructor(request: LayoutRequest) {
    this.request = request;
    const { graph, store, states } = request;
    const { nodes, known } = liveNodes(graph, request.facts);
    this.nodes = nodes;
    for (const { name, input } of states) if (input) this.addFixed(input, store.pointer(name));
    for (const { name } of graph.inputs) if (!this.operands.has(name)) this.addBlock(name, -1);
    this.hostValues = [...known].map((name) => this.addBlock(name, -1));
    for (const [index, node] of nodes.entries()) this.addOutputs(node, index);
    for (const [index, node] of nodes.entries())
      for (const value of valuesUsedBy(node)) this.extend(value, index);
    for (const { name } of graph.outputs) this.extend(name, nodes.length);
    for (const [index, node] of nodes.entries()) this.mergeInPlace(node, index);
  }

  operand(name: string): Operand | undefined {
    return this.operands.get(name) ?? this.request.weights.operand(name, this.request.graph);
  }

  isAlias(node: Node): boolean {
    return this.aliases.has(node);
  }

  /** A constant of the model, or a value that is known whatever the states' lengths are. */
  constant(name: string): Tensor | undefined {
    const constant = this.request.graph.constants.get(name);
    const fact = this.request.facts.get(name);
    if (constant || !fact?.value?.every((dim) => typeof dim === "number")) return constant;
    return new Tensor(fact.dtype, fact.value as number[], fact.dims as number[]);
  }

  captured(node: Node): Map<string, Operand> {
    const names = valuesUsedBy(node).filter((name) => !node.inputs.includes(name));
    return new Map(
      names.flatMap((name) => {
        const operand = this.operand(name);
        return operand ? [[name, operand] as const] : [];
      }),
    );
  }

  /** Decides the addresses: scratch memory is asked for node by node, then everything is placed together. */
  assign(scratchBytes: (index: number) => number, arena: (bytes: number) => number): void {
    this.scratches = this.nodes.map((_, index) => {
      const bytes = scratchBytes(index);
      return bytes > 0 ? this.newBlock(bytes, index) : undefined;
    });
    const { offsets, bytes } = assignArena(this.blocks);
    this.base = arena(bytes);
    this.blocks.forEach((block, index) => {
      for (const { operand, offset } of block.operands) operand.pointer = this.base + offsets[index] + offset;
    });
  }

  scratch(index: number): number {
    return this.scratches[index]?.operands[0].operand.pointer ?? 0;
  }

  private addFixed(name: string, pointer: number): void {
    this.operands.set(name, { ...this.describe(name), pointer });
  }

  private addBlock(name: string, from: number): Operand {
    const operand = this.describe(name);
    const bytes = operand.dims.reduce<number>(
      (product, dim) => product * this.request.bound(dim),
      elementBytes(operand.dtype),
    );
    const block = this.newBlock(bytes, from);
    this.join(operand, block, 0);
    return operand;
  }

  private newBlock(bytes: number, at: number): Block {
    const scratch: Operand = { name: "", dtype: "uint8", dims: [bytes], pointer: 0 };
    const block: Block = { bytes, from: at, to: at, operands: [{ operand: scratch, offset: 0 }] };
    this.blocks.push(block);
    return block;
  }

  private join(operand: Operand, block: Block, offset: number): void {
    block.operands.push({ operand, offset });
    this.operands.set(operand.name, operand);
    this.blockOf.set(operand.name, { block, offset });
  }

  private addOutputs(node: Node, index: number): void {
    const append = this.request.appends.get(node);
    const offset = append ? undefined : aliasOffset(node, this.request.facts);
    if (append) this.addFixed(node.outputs[0], this.request.store.pointer(append.name));
    else if (offset !== undefined) this.addAlias(node, offset, index);
    else
      for (const output of node.outputs)
        if (output !== "" && !this.operands.has(output)) this.addOutput(output, index);
  }

  /** A state that the graph replaces without reading it is computed where it stays. */
  private addOutput(name: string, index: number): void {
    const { states, store } = this.request;
    const state = states.find(({ input, output }) => output === name && input === undefined);
    if (state) this.addFixed(name, store.pointer(state.name));
    else this.addBlock(name, index);
  }

  private addAlias(node: Node, offset: number, index: number): void {
    const [source] = node.inputs;
    const place = this.blockOf.get(source);
    this.aliases.add(node);
    if (place) {
      this.join(this.describe(node.outputs[0]), place.block, place.offset + offset);
      this.extend(source, index);
      return;
    }
    const operand = this.operand(source)!;
    this.operands.set(node.outputs[0], {
      ...this.describe(node.outputs[0]),
      pointer: operand.pointer + offset,
    });
  }

  /** A result that is computed element by element takes the place of an input, where nothing else needs it. */
  private mergeInPlace(node: Node, index: number): void {
    const taken = inPlace.get(node.op) ?? Number.NaN;
    const [x, y] = [this.blockOf.get(node.inputs[taken]), this.blockOf.get(node.outputs[0])];
    if (!x || !y || x.block === y.block || x.offset > 0 || y.offset > 0) return;
    if (x.block.to !== index || y.block.from !== index || x.block.bytes !== y.block.bytes) return;
    // Another part of the same memory would be read after it was written.
    if (node.inputs.some((name, i) => i !== taken && this.blockOf.get(name)?.block === x.block)) return;
    for (const { operand, offset } of y.block.operands)
      if (operand.name !== "") this.join(operand, x.block, offset);
    x.block.to = y.block.to;
    this.blocks.splice(this.blocks.indexOf(y.block), 1);
  }

  private extend(name: string, index: number): void {
    const place = this.blockOf.get(name);
    if (place) place.block.to = Math.max(place.block.to, index);
  }

  private describe(name: string): Operand {
    const fact = this.request.facts.get(name);
    if (!fact?.dims)
      throw new OctavoxError(
        "unsupported",
        `the size of value "${name}" cannot be told before the model runs`,
        {
          remedy: "Sizes may depend on the sizes of inputs, not on their contents",
        },
      );
    return { name, dtype: fact.dtype, dims: fact.dims, pointer: 0 };
  }
}

/** Nodes that outputs depend on, where a value that is already known depends on nothing. */
function liveNodes(graph: Graph, facts: ReadonlyMap<string, Fact>): { nodes: Node[]; known: Set<string> } {
  const produced = new Set(graph.nodes.flatMap((node) => node.outputs));
  const known = new Set<string>();
  const needed = new Set<string>();
  const need = (name: string): void => {
    if (produced.has(name) && facts.get(name)?.value) known.add(name);
    else needed.add(name);
  };
  for (const output of graph.outputs) need(output.name);
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.push(node);
    valuesUsedBy(node).forEach(need);
  }
  return { nodes: nodes.reverse(), known };
}
