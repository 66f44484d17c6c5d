// An inference session: a model in the engine's memory, ready to run. The first run with new input sizes plans;
// further ones only execute. Between runs a session keeps the model's states.

import { OctavoxError } from "../errors.ts";
import type { Graph, Model, ValueInfo } from "../model/graph.ts";
import { checkOperators } from "../model/infer-with.ts";
import { rulesFor } from "../model/shapes/rules-for.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type ChosenKernels, checkChoice, chooseKernels, type KernelChoice } from "./choose.ts";
import { isReferenceLoaded, loadReference, tensorAt, writeTensor } from "./fallback.ts";
import { bindersOf, familiesOf } from "./families.ts";
import { checkFeeds } from "./feeds.ts";
import { Heap } from "./heap.ts";
import { checkSource, fileOf, type ModelFile, openModel } from "./load.ts";
import type { Observer } from "./observe.ts";
import { computeConstants } from "./once.ts";
import { dimNow } from "./operand.ts";
import type { RunOptions, SessionOptions } from "./options.ts";
import { type Plan, type PlanRequest, planGraph } from "./plan.ts";
import { Plans } from "./plans.ts";
import { Room } from "./room.ts";
import { declareStates, type GraphUse, StateStore } from "./states.ts";
import type { RunContext, Views } from "./step.ts";
import { checkThreads, startPool } from "./threads/count.ts";
import type { ThreadPool } from "./threads/pool.ts";
import { Weights } from "./weights.ts";

export type { RunOptions, SessionOptions } from "./options.ts";

export class InferenceSession {
  /** The kernels in use. */
  readonly kernels: KernelChoice;
  readonly model: Model;
  private readonly heap: Heap;
  private readonly weights: Weights;
  private readonly store: StateStore;
  private readonly uses: ReadonlyMap<Graph, GraphUse>;
  private readonly plans = new Plans();
  private readonly chosen: ChosenKernels;
  /** While threads are given up: they may still write to the memory. */
  private mending: Promise<void> | undefined;
  private readonly arena: Room;
  private views: Views | undefined;
  private readonly tables: Pick<PlanRequest, "rules" | "binders">;
  private readonly pool: ThreadPool | undefined;
  private observer: Observer | undefined;
  private disposed = false;

  private constructor(
    model: Model,
    weights: Weights,
    heap: Heap,
    chosen: ChosenKernels,
    tables: Pick<PlanRequest, "rules" | "binders">,
    pool?: ThreadPool,
  ) {
    this.model = model;
    this.heap = heap;
    this.chosen = chosen;
    this.kernels = chosen.name;
    this.pool = pool;
    this.tables = tables;
    this.weights = weights;
    this.store = new StateStore(heap);
    // Plans hold addresses.
    this.arena = new Room(heap, () => this.plans.clear());
    this.uses = declareStates(model, this.store);
  }

  /**
   * @param source a packed model (`.ovx`), as bytes or as a file that is read in parts; or a model in memory
   * @throws OctavoxError `format` for a bad file, `unsupported` for an operator octavox has
   *   not, `host` without WebAssembly SIMD (unless kernels are "reference")
   */
  static async create(
    source: Uint8Array | ModelFile | Model,
    options: SessionOptions = {},
  ): Promise<InferenceSession> {
    const { signal } = options;
    signal?.throwIfAborted();
    checkSource(source);
    const threads = checkThreads(options.threads ?? 1);
    const heap = new Heap({ shared: threads > 1, limit: options.memoryLimit });
    const weights = new Weights(heap);
    checkChoice(options.kernels);
    const file = source instanceof Uint8Array ? fileOf(source) : source;
    const opened = await openModel(file, { heap, weights, signal });
    const families = await familiesOf(opened);
    // Weights are read while the kernels are compiled.
    const [loaded, chosen] = await Promise.all([
      opened.load(),
      chooseKernels(heap.memory, families, options),
    ]);
    const rules = await rulesFor(loaded.graphs);
    for (const graph of loaded.graphs) checkOperators(graph, rules);
    const model = await computeConstants(loaded);
    const pool = await startPool(threads, chosen, heap);
    const tables = { rules, binders: bindersOf(families) };
    const session = new InferenceSession(model, weights, heap, chosen, tables, pool);
    session.observer = options.observe;
    return session;
  }

  /** Why slower kernels than the host's best, or fewer threads than asked for, are in use, when that is so. */
  get notice(): string | undefined {
    return [this.chosen?.notice, this.pool?.notice].filter(Boolean).join("; ") || undefined;
  }

  get threads(): number {
    return this.pool?.size ?? 1;
  }

  /** The inputs a caller feeds: those of the graph without its states. */
  inputs(graphName?: string): readonly ValueInfo[] {
    return this.uses.get(this.graph(graphName))!.inputs;
  }

  /** The outputs a caller receives. */
  outputs(graphName?: string): readonly ValueInfo[] {
    return this.uses.get(this.graph(graphName))!.outputs;
  }

  /**
   * Runs a graph once. States are read and left in place.
   * @param feeds a tensor for every input
   * @returns a tensor for every output
   * @throws OctavoxError `argument` for missing or unknown inputs, `shape` for sizes that do not fit, `state`
   *   after `dispose`, `host` when a thread is lost (states are as before, but empty where the graph
   *   replaces them without reading them; the next run has one thread)
   */
  async run(
    feeds: Readonly<Record<string, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    options.signal?.throwIfAborted();
    if (this.mending) await this.mending;
    const graph = this.graph(options.graph);
    checkFeeds(this.uses.get(graph)!.inputs, feeds);
    let plan = this.readyPlan(graph, feeds);
    if (plan.usesReference && !isReferenceLoaded()) {
      await loadReference();
      // Meanwhile another run may have changed what the plan relied on, or the session may be gone.
      plan = this.readyPlan(this.graph(options.graph), feeds);
    }
    try {
      return this.execute(plan, graph, feeds);
    } catch (error) {
      this.mending = this.pool?.mend();
      await this.mending;
      throw error;
    }
  }

  private execute(plan: Plan, graph: Graph, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const context: RunContext = { views: this.currentViews(), lengths: this.store.lengths };
    for (const { state, operand } of plan.assigns)
      if (operand.pointer === this.store.pointer(state)) this.store.setLength(state, 0);
    for (const [name, tensor] of Object.entries(feeds))
      writeTensor(tensor, plan.operands.get(name)!, context);
    for (const step of plan.steps) step(context);
    const outputs: Record<string, Tensor> = {};
    for (const { name } of this.uses.get(graph)!.outputs)
      outputs[name] = tensorAt(plan.operands.get(name)!, context);
    this.keepStates(plan, context);
    return outputs;
  }

  /** Forgets all states: the next run starts a new sequence. */
  resetStates(): void {
    this.checkAlive();
    this.store.reset();
  }

  /** Bytes of WebAssembly memory in use by this session. */
  get memoryBytes(): number {
    return this.disposed ? 0 : this.heap.memory.buffer.byteLength;
  }

  /** Gives the memory back; the session cannot be used afterwards. */
  dispose(): void {
    this.disposed = true;
    void this.pool?.dispose();
    this.plans.clear();
    const gone = { heap: undefined, arena: undefined, weights: undefined, store: undefined };
    Object.assign(this, { ...gone, views: undefined, chosen: undefined });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private checkAlive(): void {
    if (this.disposed) throw new OctavoxError("state", "the session has been disposed of");
  }

  private graph(name: string | undefined): Graph {
    this.checkAlive();
    const graphs = this.model.graphs;
    const graph =
      name === undefined && graphs.length === 1 ? graphs[0] : graphs.find((each) => each.name === name);
    if (graph) return graph;
    throw new OctavoxError(
      "argument",
      name === undefined ? "the model has several graphs" : `no graph "${name}"`,
      {
        expected: `one of ${graphs.map((each) => each.name).join(", ")}`,
      },
    );
  }

  /** A plan for these sizes whose addresses hold and whose states have room. */
  private readyPlan(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Plan {
    for (;;) {
      const plan = this.planFor(graph, feeds);
      if (!plan.mayGrow) return plan;
      const { lengths } = this.store;
      const short = [
        ...plan.appends.map(({ state, rows }) => ({
          state,
          length: this.store.length(state) + dimNow(rows, lengths),
        })),
        ...plan.assigns.map(({ state, rows }) => ({ state, length: dimNow(rows, lengths) })),
      ].filter(({ state, length }) => length > this.store.room(state));
      if (short.length === 0) return plan;
      // The arena makes room for the states that move, and comes to lie behind them.
      this.arena.release();
      for (const { state, length } of short) this.store.reserve(state, length);
    }
  }

  private planFor(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Plan {
    const { inputs: fed, states } = this.uses.get(graph)!;
    return this.plans.get(graph, fed, feeds, (inputs) =>
      planGraph({
        ...{ graph, inputs, states, opset: this.model.opset, store: this.store, weights: this.weights },
        kernels: this.pool?.kernels ?? this.chosen.functions,
        threads: this.threads,
        ...this.tables,
        observe: this.observer,
        arena: (bytes) => this.arena.reserve(bytes),
      }),
    );
  }

  private currentViews(): Views {
    const { buffer } = this.heap.memory;
    if (this.views?.u8.buffer !== buffer)
      this.views = {
        f32: new Float32Array(buffer),
        i32: new Int32Array(buffer),
        u8: new Uint8Array(buffer),
        i8: new Int8Array(buffer),
      };
    return this.views;
  }

  private keepStates(plan: Plan, context: RunContext): void {
    this.store.assign(plan.assigns, context);
    const longer = plan.appends.map(
      ({ state, rows }) => [state, this.store.length(state) + dimNow(rows, context.lengths)] as const,
    );
    for (const [state, length] of longer) this.store.setLength(state, length);
  }
}
