// Which operators run on kernels, in families: the core, which is always there, and those that are loaded, emitted and
// tried only for a model that has their operators. What no family has, or its binder declines, the reference runs.

import type { KernelFamily } from "../kernels/load.ts";
import { core } from "./families/core.ts";
import type { OpenedModel } from "./load.ts";
import type { Binder } from "./step.ts";
import type { Trials } from "./trials/bench.ts";

export interface Family {
  /** Adds its kernels to a module. */
  kernels: KernelFamily;
  /** From operators to kernels. */
  binders: Readonly<Record<string, Binder>>;
  /** Of each of its kernels. */
  trials: Trials;
}

interface Listed {
  operators: readonly string[];
  /** Operators of other families whose binders use its kernels too. */
  also?: readonly string[];
  load(): Promise<Family>;
}

/** The families beside the core. */
export const families: readonly Listed[] = [
  {
    operators: ["Attention", "AttentionInteger", "RotaryEmbedding"],
    load: async () => (await import("./families/attention.ts")).attention,
  },
  {
    operators: [
      "ConvFloat",
      "ConvIntegerToFloat",
      "DepthwiseConvFloat",
      "MaxPoolChannelsLast",
      "AveragePoolChannelsLast",
      "Pad",
    ],
    also: ["ConvQuantized", "DepthwiseConvQuantized", "ConvInteger16", "ConvInteger16ToFloat"],
    load: async () => (await import("./families/windows.ts")).windows,
  },
  {
    operators: ["MatMulQuantized", "ConvQuantized", "DepthwiseConvQuantized", "AddQuantized"],
    load: async () => (await import("./families/requantized.ts")).requantized,
  },
  {
    operators: [
      ...["LstmSteps", "LstmStepsInteger", "LstmStepsInteger16", "LstmCell"],
      ...["GruSteps", "GruStepsInteger", "GruStepsInteger16"],
    ],
    load: async () => (await import("./families/recurrent.ts")).recurrent,
  },
  {
    operators: ["MatMulBlocksToFloat", "GatherBlocks"],
    load: async () => (await import("./families/blocks.ts")).blocks,
  },
  {
    operators: ["MatMulInteger16ToFloat", "MatMulInteger16", "ConvInteger16ToFloat", "ConvInteger16"],
    also: ["LstmStepsInteger16", "GruStepsInteger16"],
    load: async () => (await import("./families/shorts.ts")).shorts,
  },
  {
    operators: ["QuantizeLinear", "DequantizeLinear"],
    also: [
      ...["LstmSteps", "LstmStepsInteger", "LstmStepsInteger16"],
      ...["GruSteps", "GruStepsInteger", "GruStepsInteger16"],
    ],
    load: async () => (await import("./families/short-values.ts")).shortValues,
  },
];

/** The core, and what else the operators of a model need. */
export async function familiesOf({ graphs }: Pick<OpenedModel, "graphs">): Promise<Family[]> {
  const used = new Set(graphs.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  const needed = families.filter(({ operators, also = [] }) =>
    [...operators, ...also].some((op) => used.has(op)),
  );
  return [core, ...(await Promise.all(needed.map(({ load }) => load())))];
}

/** One table of several families'. */
export function bindersOf(all: readonly Family[]): Readonly<Record<string, Binder>> {
  return Object.assign({}, ...all.map(({ binders }) => binders));
}
