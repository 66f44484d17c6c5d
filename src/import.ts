// The converter's public API, `octavox/import`: published models in, packed models out. A page that only runs
// packed models does not load it.

export type { ReadModelOptions } from "./import/read.ts";
export { readModel } from "./import/read.ts";
export type { ListedModel } from "./model/list.ts";
export { listedModel, models } from "./model/list.ts";
export { writeOvx } from "./model/ovx.ts";
export type { PackRecipe } from "./model/recipe.ts";
export type { GraphSummary, ModelSummary } from "./model/summary.ts";
export { summarise } from "./model/summary.ts";
export { convertListed } from "./passes/convert.ts";
export { packModel } from "./passes/pack.ts";
export { prepareModel } from "./passes/prepare.ts";
export { type Specialisation, specialiseModel } from "./passes/specialise-model.ts";
