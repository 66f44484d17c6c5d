// How the files a model is published as become one packed model, as data. `passes/pack.ts` follows a recipe.

/** How a model's inputs and outputs pair up: `past` and `present` are prefixes of otherwise equal names. */
export interface StateNaming {
  past: string;
  present: string;
}

export interface PackRecipe {
  graphs: readonly {
    /** Name of the graph in the packed model. */
    name: string;
    /** Which of the files it comes from. */
    file: string;
    /** Boolean inputs that have one value in this graph. */
    bind?: Readonly<Record<string, boolean>>;
    /** Named sizes that have one value in this graph. */
    sizes?: Readonly<Record<string, number>>;
  }[];
  states?: StateNaming;
}
