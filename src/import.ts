// The converter's public API, `octavox/import`: published models in, packed models out. A page that only runs
// packed models does not load it.

export { importOnnx as importModel } from "./import/onnx/import.ts";
export type { ListedModel } from "./model/list.ts";
export { listedModel, models } from "./model/list.ts";
export { writeOvx } from "./model/ovx.ts";
export type { PackRecipe } from "./model/recipe.ts";
export { convertListed } from "./passes/convert.ts";
export { packModel } from "./passes/pack.ts";
