// The quantizer: a float model and a scheme go in, a quantized model and the account of what it cost come out.

import { OctavoxError } from "../errors.ts";
import type { Graph, Model } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { simplify } from "../passes/simplify.ts";
import { type Calibration, type CalibrationSet, calibrate, type WalkOptions } from "./calibrate.ts";
import { equalizeGraph } from "./equalize-graph.ts";
import { foldWeights } from "./fold-weights.ts";
import { type Grid, gridFor } from "./grid.ts";
import { insertQuantization, type QuantizedLayer } from "./insert.ts";
import { findLayers } from "./layers.ts";
import { measure } from "./measure.ts";
import { type Observer, observerNamed } from "./observers/index.ts";
import { formatOf, type LayerPlan, stateAttributes } from "./plan.ts";
import type { QuantizationReport } from "./report.ts";
import { makeReport } from "./report-of.ts";
import { type ActivationFormat, type Scheme, type SchemeRule, schemeNamed } from "./schemes.ts";
import { disagreement, fewestRaised, type LayerLoss, raised, sensitivities } from "./sensitivity.ts";
import { layersToSmooth, smoothInputs } from "./smooth.ts";
import { spareMatrices } from "./spare.ts";
import { methodNamed, needsInputs, quantizeLayer, type WeightMethod } from "./weights.ts";
import { checkClips, replanned, usesOf, type Work, workOn } from "./work.ts";

export interface QuantizeOptions extends WalkOptions {
  /** A scheme, or the name of one. */
  scheme: Scheme | string;
  /** What schemes with calibrated ranges and methods that look at inputs need; with it, the report is measured. */
  calibration?: CalibrationSet | undefined;
  /** Words of `methodNamed`; by default "smooth+gptq+bias", or "mse" where there are no clips. */
  method?: string | undefined;
  /** Of `observerNamed`; by default "auto". */
  observer?: string | undefined;
  /** Patterns of layers that stay in float. */
  keep?: readonly string[] | undefined;
  /** Further rules. */
  rules?: readonly SchemeRule[] | undefined;
  keepUnsupported?: boolean | undefined;
  /**
   * Percent of the calibration clips to which the model may answer otherwise than the float one: layers get more bits,
   * the most sensitive first, until it does not. (What is right is not known of calibration clips.)
   */
  budget?: number | undefined;
}

/**
 * @throws OctavoxError `unsupported` for a model or a layer that the scheme cannot do, `argument` for names, patterns and
 *   numbers that cannot be, and for a scheme that needs clips where there are none
 */
export async function quantize(
  model: Model,
  options: QuantizeOptions,
): Promise<{ model: Model; report: QuantizationReport }> {
  const quantizers = model.graphs.map((graph) => new GraphQuantizer(model, graph, options));
  const [first] = quantizers;
  if (quantizers.length > 1) first.refuseClips();
  const { calibration: set, budget } = options;
  if (set) await first.calibrate(set);
  for (const each of quantizers) each.spare();
  const sensitivity = set && budget !== undefined ? await first.meetBudget(set, budget) : undefined;
  const graphs = quantizers.map((each) => each.quantized());
  const { scheme, method, observer } = first;
  const quantized: Model = {
    ...model,
    graphs,
    metadata: {
      ...model.metadata,
      quantization: { scheme: scheme.name, method: method.name, observer: observer.name },
    },
  };
  const measured = set ? await first.measure(set) : undefined;
  const reports = quantizers.map((each, i) => each.report(i === 0 ? measured : undefined, sensitivity));
  return { model: quantized, report: joined(reports) };
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** One graph's way through the quantizer. */
class GraphQuantizer {
  readonly scheme: Scheme;
  readonly method: { name: string; steps: WeightMethod };
  readonly observer: { name: string; choose: Observer };
  /** The graph is simplified, and equalized and smoothed where the method says so. */
  private work: Work;
  private readonly options: QuantizeOptions;
  private calibration: Calibration | undefined;
  private readonly made = new Map<string, QuantizedLayer>();
  private readonly grids = new Map<string, Grid>();

  constructor(model: Model, graph: Graph, options: QuantizeOptions) {
    const { scheme, calibration, observer = "auto" } = options;
    const { method = calibration ? "smooth+gptq+bias" : "mse" } = options;
    this.scheme = typeof scheme === "string" ? schemeNamed(scheme) : scheme;
    this.method = { name: method, steps: methodNamed(method) };
    this.observer = { name: observer, choose: observerNamed(observer) };
    this.options = options;
    const simple = simplify(graph, model.opset);
    const { layers } = findLayers(simple, inferShapes(simple, model));
    const own = this.method.steps.equalize ? equalizeGraph(simple, layers) : simple;
    this.work = workOn(model, own, this.scheme, options);
    checkClips(this.work, this.scheme, this.method, options);
  }

  /** Where the method says so, features are made alike before the layers that read them. */
  private async smooth(set: CalibrationSet): Promise<void> {
    const quantizing = this.work.plans.filter(({ scheme }) => scheme.weights).map(({ layer }) => layer);
    const layers = this.method.steps.smooth ? layersToSmooth(this.work.graph, quantizing) : [];
    if (layers.length === 0) return;
    const seen = await calibrate(this.work.model, { values: [], layers }, set, this.options);
    const smoothed = smoothInputs(this.work.graph, layers, seen);
    this.work = workOn(this.work.model, smoothed, this.scheme, this.options);
  }

  /** Graphs that work together feed each other: clips alone do not say what the second one is given. */
  refuseClips(): void {
    if (this.options.calibration)
      throw new OctavoxError("unsupported", "calibration of a model with several graphs", {
        found: `graph "${this.work.graph.name}" among others`,
        remedy: "Choose a scheme that needs no clips: w8, w4-block32, w8a8-dynamic",
      });
  }

  async calibrate(set: CalibrationSet): Promise<void> {
    await this.smooth(set);
    const layers = this.work.plans.filter(({ scheme }) => scheme.weights).map(({ layer }) => layer);
    const values = new Set([
      ...this.work.uses.map(({ value }) => this.work.source(value)),
      ...layers.map(({ input }) => input),
    ]);
    const { steps } = this.method;
    const wanted = {
      values,
      layers: needsInputs(steps) ? layers : [],
      moments: steps.rounding !== "nearest",
    };
    this.calibration = await calibrate(this.work.model, wanted, set, this.options);
  }

  /** Before weights are rounded for good: what suffers most keeps more bits, where the scheme says so. */
  spare(): void {
    const { spare } = this.scheme;
    if (!spare) return;
    const quantized = (plan: LayerPlan) => this.layersOf([plan])[0];
    this.work = { ...this.work, plans: spareMatrices(this.work.plans, spare, quantized, this.calibration) };
  }

  /** The grid of a value; what was only moved shares its source's. */
  private readonly gridOf = (value: string, format: ActivationFormat): Grid => {
    const name = this.work.source(value);
    const key = `${name}\n${JSON.stringify(format)}`;
    const known = this.grids.get(key);
    if (known) return known;
    const seen = this.calibration?.observations.get(name);
    const grid = gridFor(
      seen ? this.observer.choose(seen, format, this.isInput(name)) : { min: 0, max: 0 },
      format,
    );
    this.grids.set(key, grid);
    return grid;
  };

  private isInput(value: string): boolean {
    return this.work.graph.inputs.some(({ name }) => name === value);
  }

  /** Each layer is quantized once for each format. */
  private layersOf(plans: readonly LayerPlan[]): QuantizedLayer[] {
    const { signal, onProgress } = this.options;
    const quantizing = plans.filter(({ scheme }) => scheme.weights);
    return quantizing.map((plan, done) => {
      const { layer } = plan;
      signal?.throwIfAborted();
      const formats = layer.weights.map((_, at) => formatOf(plan, at)!);
      const key = `${layer.name}\n${JSON.stringify(formats)}`;
      const known = this.made.get(key);
      if (known) return known;
      onProgress?.({ stage: "rounding", done, total: quantizing.length, name: layer.name });
      const made = quantizeLayer(layer, (at) => formats[at], this.method.steps, this.calibration);
      this.made.set(key, made);
      return made;
    });
  }

  private graphOf(plans: readonly LayerPlan[]): Graph {
    const uses = plans === this.work.plans ? this.work.uses : usesOf(this.work.model, plans);
    const attributes = new Map(plans.map((plan) => [plan.layer.name, stateAttributes(plan)]));
    const layers = this.layersOf(plans);
    return insertQuantization(this.work.graph, { layers, uses, attributes, gridOf: this.gridOf });
  }

  /** For running: weights made once. */
  private modelOf(plans: readonly LayerPlan[]): Model {
    return { ...this.work.model, graphs: [foldWeights(this.graphOf(plans), this.work.model.opset)] };
  }

  quantized(): Graph {
    return this.graphOf(this.work.plans);
  }

  /** Raises layers until the model agrees with the float one as far as the budget says. */
  async meetBudget(set: CalibrationSet, budget: number): Promise<readonly LayerLoss[]> {
    if (!(budget >= 0 && budget <= 100))
      throw new OctavoxError("argument", "the budget", { expected: "0 to 100 points", found: `${budget}` });
    const names = this.work.plans.filter(({ scheme }) => scheme.weights).map(({ layer }) => layer.name);
    const alone = (name: string): Model =>
      this.modelOf(
        this.work.plans.map((plan) => (plan.layer.name === name ? plan : { ...plan, scheme: {} })),
      );
    const losses = await sensitivities(this.work.model, names, alone, set, this.options);
    const rank = new Map(losses.map(({ name }, i) => [name, i]));
    for (;;) {
      const raisedPlans = (count: number): LayerPlan[] =>
        this.work.plans.map((plan) =>
          (rank.get(plan.layer.name) ?? Number.POSITIVE_INFINITY) < count
            ? { ...plan, scheme: raised(plan.scheme) }
            : plan,
        );
      const trial = (count: number) =>
        disagreement(this.work.model, this.modelOf(raisedPlans(count)), set, this.options);
      const found = await fewestRaised(losses.length, budget, trial);
      this.work = replanned(this.work, raisedPlans(found.raised));
      const isFloat = this.work.plans.every(({ scheme: { weights } }) => weights === undefined);
      if (found.loss <= budget || isFloat) return losses;
    }
  }

  measure(set: CalibrationSet): Promise<Measured> {
    return measure(
      {
        float: this.work.model,
        quantized: this.modelOf(this.work.plans),
        layers: this.work.plans.map(({ layer }) => layer),
        uses: this.work.uses,
        gridOf: this.gridOf,
      },
      set,
      this.options,
    );
  }

  report(measured: Measured | undefined, sensitivity: readonly LayerLoss[] | undefined): QuantizationReport {
    return makeReport({
      ...{ scheme: this.scheme, method: this.method.name, observer: this.observer.name },
      ...{
        plans: this.work.plans,
        layers: this.layersOf(this.work.plans),
        uses: this.work.uses,
        kept: this.work.kept,
      },
      ...{ gridOf: this.gridOf, calibration: this.calibration, measured, sensitivity },
    });
  }
}

/** Layers of all graphs, in their order. */
function joined(reports: readonly QuantizationReport[]): QuantizationReport {
  const [first] = reports;
  const sum = (key: "bytesBefore" | "bytesAfter" | "bytesScales"): number =>
    reports.reduce((total, each) => total + each[key], 0);
  return {
    ...first,
    bytesBefore: sum("bytesBefore"),
    bytesAfter: sum("bytesAfter"),
    bytesScales: sum("bytesScales"),
    layers: reports.flatMap(({ layers }) => layers),
    histograms: reports.flatMap(({ histograms }) => histograms),
    kept: reports.flatMap(({ kept }) => kept),
  };
}
