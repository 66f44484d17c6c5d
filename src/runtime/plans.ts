// The plans of a session, by graph and sizes: those used last are kept, and the very last is found without a search,
// because a stream comes step after step in the same sizes.

import type { Graph, ValueInfo } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Plan } from "./plan.ts";

const KEPT = 4;

type Sizes = readonly number[];

export class Plans {
  private readonly kept = new Map<string, Plan>();
  private latest: { graph: Graph; dims: readonly Sizes[]; plan: Plan } | undefined;

  /** The plan for what is fed, made where there is none. */
  get(
    graph: Graph,
    fed: readonly ValueInfo[],
    feeds: Readonly<Record<string, Tensor>>,
    make: (inputs: Readonly<Record<string, Sizes>>) => Plan,
  ): Plan {
    const { latest } = this;
    if (latest?.graph === graph && fed.every(({ name }, i) => sameSizes(feeds[name].dims, latest.dims[i])))
      return latest.plan;
    const dims = fed.map(({ name }) => [...feeds[name].dims]);
    const key = `${graph.name} ${dims.join(" ")}`;
    const plan = this.kept.get(key) ?? make(Object.fromEntries(fed.map(({ name }, i) => [name, dims[i]])));
    // The one used longest ago is the next to go.
    this.kept.delete(key);
    if (this.kept.size >= KEPT) this.kept.delete(this.kept.keys().next().value!);
    this.kept.set(key, plan);
    this.latest = { graph, dims, plan };
    return plan;
  }

  values(): Iterable<Plan> {
    return this.kept.values();
  }

  clear(): void {
    this.kept.clear();
    this.latest = undefined;
  }
}

function sameSizes(a: Sizes, b: Sizes): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
