// How the files a model is published as become one packed model, as data. `passes/pack.ts` follows a recipe.

/** How a model's inputs and outputs pair up: `past` and `present` are prefixes of otherwise equal names. */
export interface StateNaming {
  past: string;
  present: string;
}

/**
 * States that one file computes again from what another returns, as decoders do with what was heard, become a part of
 * the graph that returns it: they are computed once, and every step of the decoder is alike.
 */
export interface Continuation {
  /** The file that computes them, bound as it has to be for that. */
  file: string;
  bind?: Readonly<Record<string, boolean>>;
  sizes?: Readonly<Record<string, number>>;
  /** Its input that is the only output of the graph before. */
  input: string;
  /** A part of the names of the outputs that are wanted. */
  outputs: string;
}

export interface PackRecipe {
  graphs: readonly {
    /** Name of the graph in the packed model. */
    name: string;
    /** Which of the files it comes from. */
    file: string;
    /** Inputs that have one value in this graph; all elements are equal. */
    bind?: Readonly<Record<string, boolean | number>>;
    /** Named sizes that have one value in this graph. */
    sizes?: Readonly<Record<string, number>>;
    /** What else this graph computes. */
    continued?: Continuation;
  }[];
  states?: StateNaming;
  /** Outputs that come back as inputs in the next run, by the input's name: states of one size, zeros at first. */
  feedback?: Readonly<Record<string, string>>;
}
