// What the inputs of a model's matrix products are like, seen while it runs: for every product E[x·xᵀ] over the rows
// that it multiplied. Memory is that of the moments, however much is run.

import type { Observer } from "../runtime/observe.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { InputStatistics } from "./methods/statistics.ts";

/** Of more rows at a time only some are looked at: neighbours in time are alike. */
const ROWS_AT_ONCE = 128;

/** An observer for a session (or a recogniser); `of` is then what `quantizeWeights` takes as `moments`. */
export class InputMoments implements Observer {
  readonly ops: readonly string[] = ["MatMulIntegerToFloat", "MatMul"];
  private readonly found = new Map<string, InputStatistics>();

  seen(graph: string, node: string, op: string, inputs: readonly (Tensor | undefined)[]): void {
    const [a, b] = inputs;
    const k = a?.dims.at(-1) ?? 0;
    // A product of two computed matrices has no weights.
    if (!a || k === 0 || (op === "MatMul" && (a.dtype !== "float32" || b !== undefined))) return;
    const [scale, zero] = op === "MatMul" ? [1, 0] : [2, 4].map((at) => inputs[at]!.numbers()[0]);
    const key = `${graph}\n${node}`;
    const statistics = this.found.get(key) ?? new InputStatistics(k);
    this.found.set(key, statistics);
    const rows = a.size / k;
    const step = Math.ceil(rows / ROWS_AT_ONCE);
    const x = new Float64Array(k);
    for (let row = 0; row < rows; row += step) {
      for (let i = 0; i < k; i++) x[i] = (Number(a.data[row * k + i]) - zero) * scale;
      statistics.add(x);
    }
  }

  /** Of all the products that share a matrix together; undefined where none ran. */
  of(products: readonly { graph: string; node: string }[]): Float64Array | undefined {
    const all = products.flatMap(({ graph, node }) => this.found.get(`${graph}\n${node}`) ?? []);
    const count = all.reduce((sum, each) => sum + each.count, 0);
    if (count === 0) return undefined;
    const total = new Float64Array(all[0].k ** 2);
    for (const each of all) each.hessian().forEach((x, i) => void (total[i] += (x * each.count) / count));
    return total;
  }
}
