// A plan: the steps that run one graph for one set of input sizes, with every address decided. Planning infers the
// shapes, finds what is known without running (sizes, positions), gives memory to the rest, and binds each node
// to kernels, or to the reference where there is none.

import { OctavoxError } from "../errors.ts";
import type { KernelFunctions } from "../kernels/functions.ts";
import { type Dim, evaluate } from "../model/dim.ts";
import { forNode } from "../model/for-node.ts";
import type { Graph, Node } from "../model/graph.ts";
import { inferWith } from "../model/infer-with.ts";
import type { Fact, Rules } from "../model/shapes/site.ts";
import { Tensor } from "../tensor/tensor.ts";
import { referenceStep, writeTensor } from "./fallback.ts";
import { Layout } from "./layout.ts";
import { type Observer, observed } from "./observe.ts";
import { dimNow, type Operand } from "./operand.ts";
import type { Assign, StateStore, StateUse } from "./states.ts";
import type { Binder, RunContext, Site, Step } from "./step.ts";
import type { Weights } from "./weights.ts";

export interface PlanRequest {
  graph: Graph;
  opset: number;
  /** Sizes of the inputs that the caller feeds. */
  inputs: Readonly<Record<string, readonly number[]>>;
  /** The states of the model that this graph reads or leaves. */
  states: readonly StateUse[];
  store: StateStore;
  weights: Weights;
  /** Undefined: everything is run by the reference. */
  kernels: KernelFunctions | undefined;
  threads: number;
  /** Shape rules by operator. */
  rules: Rules;
  /** From operators to kernels. */
  binders: Readonly<Record<string, Binder>>;
  observe?: Observer | undefined;
  /** Room for intermediate values; called once, with the bytes needed. */
  arena(bytes: number): number;
}

export interface Plan {
  /** Where the caller's inputs go and the results are. */
  operands: ReadonlyMap<string, Operand>;
  steps: readonly Step[];
  /** Whether some steps run the reference, which must be loaded then. */
  usesReference: boolean;
  /** The states that this plan makes longer, and by how much. */
  appends: readonly { state: string; rows: Dim }[];
  /** The states that this plan replaces by a value. */
  assigns: readonly Assign[];
  /** Whether any of these states may need more room. */
  mayGrow: boolean;
}

export function planGraph(request: PlanRequest): Plan {
  const { graph, opset, store, states } = request;
  const inputs: Record<string, readonly Dim[]> = { ...request.inputs };
  for (const { input, dims } of states) if (input) inputs[input] = dims;
  const facts = inferWith(request.rules, graph, { opset, inputs });
  const bounds = new Map(
    [...store.lengths.keys()].map((size) => [size, store.room(size.slice("length of ".length))]),
  );
  const bound = (dim: Dim): number => (typeof dim === "number" ? dim : evaluate(dim, bounds));

  const appends = findAppends(graph, states);
  const layout = new Layout({ graph, facts, bound, states, appends, store, weights: request.weights });
  const sites = layout.nodes.map((node) => makeSite(node, layout, request, bound));
  layout.assign((index) => {
    const node = layout.nodes[index];
    return forNode(node, () => request.binders[node.op]?.scratch?.(sites[index]) ?? 0);
  }, request.arena);
  const steps = layout.hostValues.map((operand) => hostStep(operand, facts.get(operand.name)!));
  let usesReference = false;
  layout.nodes.forEach((node, index) => {
    if (layout.isAlias(node)) return;
    const append = appends.get(node);
    sites[index].scratch = layout.scratch(index);
    const step = append
      ? appendStep(append, layout, store)
      : request.kernels && forNode(node, () => bind(sites[index], request));
    usesReference ||= step === undefined;
    const own = step ?? fallBack(node, sites[index], layout, request);
    steps.push(observed(own, node, sites[index], graph.name, request.observe));
  });
  const missing = graph.outputs.find(({ name }) => !layout.operand(name));
  if (missing)
    throw new OctavoxError("format", `output "${missing.name}" of graph "${graph.name}"`, {
      expected: "a value that a node computes",
      found: "none",
    });
  const ends = [...graph.inputs, ...graph.outputs].flatMap(({ name }) => layout.operand(name) ?? []);
  return {
    operands: new Map(ends.map((operand) => [operand.name, operand])),
    steps,
    usesReference,
    appends: [...appends.values()].map((use) => ({
      state: use.name,
      rows: rowsOf(use, layout.operand(use.added)!),
    })),
    assigns: findAssigns(states, appends, layout),
    mayGrow: states.some(grows),
  };
}

/** Kernels write all outputs; where one is left out, the reference runs. */
function bind(site: Site, { binders }: PlanRequest): Step | undefined {
  return site.outputs.every((output) => output !== undefined) ? binders[site.node.op]?.bind(site) : undefined;
}

function makeSite(
  node: Node,
  layout: Layout,
  { graph, weights, kernels, threads }: PlanRequest,
  bound: Site["bound"],
): Site {
  const constant = (index: number): Tensor | undefined => layout.constant(node.inputs[index] ?? "");
  return {
    node,
    inputs: node.inputs.map((name) => layout.operand(name)),
    outputs: node.outputs.map((name) => layout.operand(name)!),
    kernels: kernels as KernelFunctions,
    threads,
    scratch: 0,
    bound,
    constant,
    matrix(b, scale, zero) {
      const given = (index: number | undefined, otherwise: Tensor): Tensor | undefined =>
        index === undefined || (node.inputs[index] ?? "") === "" ? otherwise : constant(index);
      const [scales, zeros] = [given(scale, unitScale), given(zero, noZero)];
      return scales && zeros && weights.matrix(node.inputs[b], graph, scales, zeros);
    },
    derived: (kind, from, make) => weights.derived(kind, from, make),
    floats: (index) => weights.floats(node.inputs[index] ?? "", graph),
    blocks(b, scale) {
      const scales = constant(scale);
      return scales && weights.blocks(node.inputs[b], graph, scales, node.attributes.block as number);
    },
  };
}

const unitScale = new Tensor("float32", [1], []);
const noZero = new Tensor("int8", [0], []);

function fallBack(
  node: Node,
  { inputs }: Site,
  layout: Layout,
  { graph, opset, weights }: PlanRequest,
): Step {
  return referenceStep({
    ...{ node, graph, opset, inputs },
    outputs: node.outputs.map((name) => layout.operand(name)),
    constant: (name) => weights.rowMajor(name, graph),
    captured: layout.captured(node),
  });
}

/** A value that shape inference knows, perhaps in terms of states' lengths: written down anew for each run. */
function hostStep(operand: Operand, fact: Fact): Step {
  return (context) => {
    const values = fact.value!.map((dim) => dimNow(dim, context.lengths));
    writeTensor(new Tensor(operand.dtype, values), operand, context);
  };
}

/** Concat(state, new rows) along time whose result is the same state's next value: the rows go behind the old ones. */
export interface Append extends StateUse {
  added: string;
}

function findAppends(graph: Graph, states: readonly StateUse[]): Map<Node, Append> {
  const appends = new Map<Node, Append>();
  for (const node of graph.nodes) {
    const use = states
      .filter(grows)
      .find((state) => state.output === node.outputs[0] && state.input === node.inputs[0]);
    if (use?.input && node.op === "Concat" && node.inputs.length === 2 && node.attributes.axis === 1)
      appends.set(node, { ...use, added: node.inputs[1] });
  }
  return appends;
}

/** The length of a state that grows is a symbol. */
const grows = ({ dims }: StateUse): boolean => dims.some((dim) => typeof dim !== "number");

function appendStep({ name, dims, added }: Append, layout: Layout, store: StateStore): Step {
  const from = layout.operand(added)!;
  const rowBytes = (dims[2] as number) * 4;
  const target = store.pointer(name);
  return ({ views, lengths }: RunContext) => {
    const start = target + store.length(name) * rowBytes;
    views.u8.copyWithin(start, from.pointer, from.pointer + dimNow(from.dims[1], lengths) * rowBytes);
  };
}

/** The rows of a value that goes into a state; of a state of one size, 1. */
function rowsOf(use: StateUse, { dtype, dims }: Operand): Dim {
  const wanted = grows(use) ? use.dims.with(1, dims[1]) : use.dims;
  if (dtype !== "float32" || String(dims) !== String(wanted))
    throw new OctavoxError("shape", `state "${use.name}"`, {
      expected: `float32 [${(grows(use) ? (use.dims as unknown[]).with(1, "rows") : wanted).join(", ")}]`,
      found: `${dtype} [${dims.join(", ")}]`,
    });
  return grows(use) ? dims[1] : 1;
}

function findAssigns(states: readonly StateUse[], appends: ReadonlyMap<Node, Append>, layout: Layout) {
  const appended = new Set([...appends.values()].map((use) => use.name));
  return states.flatMap((use) => {
    const { name, input, output } = use;
    const operand =
      output === undefined || output === input || appended.has(name) ? undefined : layout.operand(output);
    return operand ? [{ state: name, operand, rows: rowsOf(use, operand) }] : [];
  });
}
