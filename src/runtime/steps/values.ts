// Binders of the operators that make and convert short lists of numbers: positions, lengths.

import { type DType, traits } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, type Operand } from "../operand.ts";
import type { Binder, Views } from "../step.ts";

/** The operand's elements; element types of 8 bytes have no view in `Views`. */
function elementsAt({ dtype, pointer }: Operand, count: number, { u8 }: Views) {
  return new (traits(dtype).array)(u8.buffer as ArrayBuffer, pointer, count);
}

const whole: readonly DType[] = ["int64", "int32", "uint8", "int8"];

/** Whole numbers to float32; the nearest float, ties to even. */
const cast: Binder = {
  bind({ inputs, outputs }) {
    const [x, y] = [inputs[0]!, outputs[0]];
    const dims = fixedDims(x);
    if (!dims || !whole.includes(x.dtype) || y.dtype !== "float32") return undefined;
    const count = sizeOf(dims);
    return ({ views }) => {
      const from = elementsAt(x, count, views);
      const to = elementsAt(y, count, views);
      for (let i = 0; i < count; i++) to[i] = Number(from[i]);
    };
  },
};

/** start, start + delta, …; as many as fit the output. */
const range: Binder = {
  bind({ inputs, outputs }) {
    const [start, , delta] = inputs as Operand[];
    const dims = fixedDims(outputs[0]);
    if (!dims || start.dtype !== "int64") return undefined;
    const count = sizeOf(dims);
    return ({ views }) => {
      const to = elementsAt(outputs[0], count, views) as BigInt64Array;
      const [step] = elementsAt(delta, 1, views) as BigInt64Array;
      let [value] = elementsAt(start, 1, views) as BigInt64Array;
      for (let i = 0; i < count; i++, value += step) to[i] = value;
    };
  },
};

export const values: Record<string, Binder> = { Cast: cast, Range: range };
