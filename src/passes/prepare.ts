// A model as an importer gives it → as the run-time runs it best: every graph through the passes, its integer matrices
// laid out for the kernels. For models that are run, or written, without a recipe; `pack.ts` does more, by a recipe.

import type { Model } from "../model/graph.ts";
import type { MatrixCache } from "./integer-products.ts";
import { optimise } from "./optimise.ts";
import { type PanelCache, packMatrices } from "./panels.ts";

/** @param keepIntegers integer weights stay integers, whatever reads them: the model is to be written to a file */
export function prepareModel(model: Model, { keepIntegers = false } = {}): Model {
  const matrices: MatrixCache = new Map();
  const panels: PanelCache = new Map();
  const { opset } = model;
  const graphs = model.graphs.map((graph) =>
    packMatrices(optimise(graph, { opset, matrices, keepIntegers }), panels),
  );
  return { ...model, graphs };
}
