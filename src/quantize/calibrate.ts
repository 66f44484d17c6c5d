// Calibration: the float graph runs over clips, one at a time, with the values of interest as outputs; observations and
// input statistics take in each clip, and nothing of it is kept.

import { OctavoxError } from "../errors.ts";
import type { Graph, Model, Node } from "../model/graph.ts";
import { exposeValues } from "../passes/expose.ts";
import { prepareModel } from "../passes/prepare.ts";
import { InferenceSession } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { addInputs, sequenceOf, statisticsFor } from "./inputs.ts";
import type { Layer } from "./layers.ts";
import type { InputStatistics } from "./methods/statistics.ts";
import { Observation } from "./observers/index.ts";

/** Clips as a model takes them, computed when their turn comes; walked over more than once. */
export interface CalibrationSet {
  readonly size: number;
  /** A tensor for every input of the graph. */
  feeds(index: number): Promise<Readonly<Record<string, Tensor>>> | Readonly<Record<string, Tensor>>;
}

export interface Progress {
  stage: "observing" | "rounding" | "measuring" | "trying layers";
  done: number;
  total: number;
  /** The layer or clip at hand. */
  name?: string | undefined;
}

export interface WalkOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Calibration {
  observations: ReadonlyMap<string, Observation>;
  /** Inputs that a layer's weights meet, by layer and place of the weights: one for each group of rows. */
  statistics: ReadonlyMap<string, readonly InputStatistics[]>;
}

/** Key of statistics. */
export const statisticsKey = (layer: string, at: number): string => `${layer}\n${at}`;

/**
 * @param values names of activations to observe
 * @param layers whose inputs' means are wanted, for bias correction
 * @param moments second moments too, for methods of rounding
 * @throws OctavoxError `argument` for an empty set
 */
export async function calibrate(
  model: Model,
  {
    values,
    layers,
    moments = true,
  }: { values: Iterable<string>; layers: readonly Layer[]; moments?: boolean },
  set: CalibrationSet,
  options: WalkOptions = {},
): Promise<Calibration> {
  const graph = withSequences(model.graphs[0]);
  const observations = new Map([...values].map((name) => [name, new Observation(name)]));
  const statistics = new Map<string, readonly InputStatistics[]>();
  for (const layer of layers)
    for (const weights of layer.weights)
      if (weights.meets !== "inner")
        statistics.set(statisticsKey(layer.name, weights.at), statisticsFor(layer, weights, { moments }));
  const sequences = layers.flatMap(({ node }) => (isRecurrent(node) ? sequenceOf(node) : []));
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  const wanted = [...observations.keys(), ...layers.map(({ input }) => input), ...sequences];
  const exposed = exposeValues(
    graph,
    wanted.filter((name) => computed.has(name)),
  );
  await walk([{ ...model, graphs: [exposed] }], set, { ...options, stage: "observing" }, ([found]) => {
    for (const [name, observation] of observations)
      if (found[name]) observation.add(found[name].data as Float32Array);
    for (const layer of layers)
      for (const weights of layer.weights) {
        const own = statistics.get(statisticsKey(layer.name, weights.at));
        if (own) addInputs(own, layer, weights, found);
      }
  });
  return { observations, statistics };
}

export type Values = Readonly<Record<string, Tensor>>;

/** Runs models over every clip, side by side; `look` is given each one's inputs and outputs by name. */
export async function walk(
  models: readonly Model[],
  set: CalibrationSet,
  { signal, onProgress, stage }: WalkOptions & Pick<Progress, "stage">,
  look: (values: readonly Values[], index: number) => void,
): Promise<void> {
  if (set.size === 0)
    throw new OctavoxError("argument", "the calibration clips", { expected: "at least one", found: "none" });
  using sessions = new DisposableStack();
  const running: InferenceSession[] = [];
  for (const model of models)
    running.push(sessions.use(await InferenceSession.create(prepareModel(model), { signal })));
  for (let index = 0; index < set.size; index++) {
    signal?.throwIfAborted();
    onProgress?.({ stage, done: index, total: set.size });
    const feeds = await set.feeds(index);
    const values: Values[] = [];
    for (const session of running) {
      session.resetStates();
      values.push({ ...feeds, ...(await session.run(feeds, { signal })) });
    }
    look(values, index);
  }
  onProgress?.({ stage, done: set.size, total: set.size });
}

const isRecurrent = ({ op }: Node): boolean => op === "LSTM" || op === "GRU";

/** The graph whose recurrent layers give every step's output: that is what their recurrent weights meet. */
function withSequences(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    isRecurrent(node) ? { ...node, outputs: [sequenceOf(node), ...node.outputs.slice(1)] } : node,
  );
  return { ...graph, nodes };
}
