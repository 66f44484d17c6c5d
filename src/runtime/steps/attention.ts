// Binders of attention, in floats and in 16-bit integers, and of rotary embedding. Keys and values may be as long as a state has become.

import { OctavoxError } from "../../errors.ts";
import { attentionScratch } from "../../kernels/attention.ts";
import { attentionI16Scratch } from "../../kernels/attention_i16.ts";
import type { KernelFunctions } from "../../kernels/functions.ts";
import { largestKey } from "../../tensor/attention-scales.ts";
import { dimNow, fixedDims, type Operand } from "../operand.ts";
import type { Binder, Site } from "../step.ts";

/** Values of a head in queries and keys, and in values. */
interface Widths {
  heads: number;
  qk: number;
  v: number;
}

interface Form {
  /** Bytes of scratch memory for one head of `tk` keys. */
  scratch(tk: number, widths: Widths): number;
  /** The kernel, and its arguments after those that both forms have. */
  kernel(kernels: KernelFunctions): (...all: number[]) => void;
  more(widths: Widths): readonly number[];
}

const forms: Readonly<Record<"float" | "integer", Form>> = {
  float: {
    scratch: attentionScratch,
    kernel: ({ attention_f32 }) => attention_f32 as (...all: number[]) => void,
    more: () => [],
  },
  integer: {
    scratch: (tk, { qk, v }) => attentionI16Scratch(tk, qk, v),
    kernel: ({ attention_i16 }) => attention_i16 as (...all: number[]) => void,
    more: ({ qk }) => [largestKey(qk)],
  },
};

/** Undefined for sizes that no kernel covers. */
function widthsOf({ node, inputs }: Site): Widths | undefined {
  const [q, k, v] = inputs as Operand[];
  const heads = node.attributes.heads as number;
  const all = [q.dims[1], q.dims[2], k.dims[2], v.dims[2]] as number[];
  if (q.dims[0] !== 1 || inputs.length > 3 || !all.every(Number.isInteger)) return undefined;
  const [, qWidth, kWidth, vWidth] = all;
  if (qWidth !== kWidth || qWidth % heads !== 0 || vWidth % heads !== 0) return undefined;
  return { heads, qk: qWidth / heads, v: vWidth / heads };
}

function attention({ scratch, kernel, more }: Form): Binder {
  return {
    scratch(site) {
      const widths = widthsOf(site);
      if (!widths) return 0;
      // Threads take a head each, and each its own scratch memory.
      const parts = site.threads > 1 ? widths.heads : 1;
      return parts * scratch(site.bound(site.inputs[1]!.dims[1]), widths);
    },
    bind(site) {
      const widths = widthsOf(site);
      if (!widths) return undefined;
      const { node, outputs } = site;
      const [q, k, v] = site.inputs as Operand[];
      const { scale, causal } = node.attributes as { scale: number; causal: number };
      const run = kernel(site.kernels);
      const [tq, qBytes, vBytes] = [
        q.dims[1] as number,
        widths.heads * widths.qk * 4,
        widths.heads * widths.v * 4,
      ];
      const places = [q.pointer, qBytes, k.pointer, qBytes, v.pointer, vBytes, outputs[0].pointer, vBytes];
      const rest = more(widths);
      return ({ lengths }) => {
        const [tk, values] = [dimNow(k.dims[1], lengths), dimNow(v.dims[1], lengths)];
        if (tk === 0 || tk !== values || (causal && tk < tq))
          throw new OctavoxError("shape", `${node.op} "${node.name}"`, {
            expected: "a value for each key, keys for all queries",
            found: `${[tq, tk, values]} rows of q, k, v`,
          });
        const sizes = [tq, tk, widths.heads, widths.qk, widths.v, scale, causal ? tk - tq : -1];
        run(...places, ...sizes, site.scratch, ...rest);
      };
    },
  };
}

const rotaryEmbedding: Binder = {
  bind({ node, inputs, outputs, kernels: { rotary_f32 } }) {
    const [x, cos, sin] = inputs.map(fixedDims);
    const { heads, interleaved } = node.attributes as { heads: number; interleaved: number };
    if (x?.length !== 3 || x[0] !== 1 || cos?.length !== 2 || String(cos) !== String(sin)) return undefined;
    if (cos[0] !== x[1] || x[2] % heads !== 0 || 2 * cos[1] > x[2] / heads) return undefined;
    const [from, cosines, sines, to] = [...inputs, outputs[0]].map((operand) => operand!.pointer);
    return () => rotary_f32(from, to, cosines, sines, x[1], heads, x[2] / heads, cos[1] * 2, interleaved);
  },
};

export const attentions: Record<string, Binder> = {
  Attention: attention(forms.float),
  AttentionInteger: attention(forms.integer),
  RotaryEmbedding: rotaryEmbedding,
};
