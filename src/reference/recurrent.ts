// The definition of recurrent layers as octavox runs them: what comes of the input is a product of all frames, made
// before, and these functions walk over time. A step's gates are h·R, summed in the order of k, plus the frame's part.

import { sigmoid, tanh } from "./functions.ts";
import { matmulS16F32 } from "./int16.ts";
import { matmulF32, matmulU8S8F32 } from "./matmul.ts";
import { dequantize, dynamicQuantize, dynamicQuantizeS16 } from "./quantize.ts";

const f32 = Math.fround;

/** v·matrix + bias of one row v. */
export type RowProduct = (v: Float32Array, bias?: Float32Array) => Float32Array;

export function floatProduct(matrix: Float32Array, k: number, n: number): RowProduct {
  return (v, bias) => matmulF32(v, matrix, [1, n, k], bias);
}

/** The row in `bits` (up to 8), of its own range; scales and zero points of the matrix are one a column. */
export function integerProduct(
  matrix: Int8Array,
  k: number,
  n: number,
  bScales: Float32Array,
  bZeros: Int32Array,
  bits = 8,
): RowProduct {
  return (v, bias) => {
    const { y, scale, zero } = dynamicQuantize(v, bits);
    const zeros = { aZero: zero, bZeros };
    return matmulU8S8F32(y as Uint8Array, matrix, [1, n, k], zeros, { aScale: scale, bScales, bias });
  };
}

/** The row in 16 bits around 0, of its own range; scales of the matrix are one a column. */
export function shortProduct(
  matrix: Int8Array | Int16Array,
  k: number,
  n: number,
  bScales: Float32Array,
): RowProduct {
  return (v, bias) => {
    const { y, scale } = dynamicQuantizeS16(v);
    return matmulS16F32(y, matrix, [1, n, k], { aScale: scale, bScales, bias });
  };
}

/** A row on the grid of `bits` over its own range: 16 around 0, up to 8 with a zero point. */
export function onOwnGrid(v: Float32Array, bits: number): Float32Array {
  if (bits > 8) {
    const { y, scale } = dynamicQuantizeS16(v);
    return dequantize(y, scale, 0);
  }
  const { y, scale, zero } = dynamicQuantize(v, bits);
  return dequantize(y, scale, zero);
}

/** The order in which the four gates of an LSTM lie; ONNX's is "iofc": input, output, forget, cell. */
export type GateOrder = string;

/** One LSTM step from its gates, [4·hidden]. Replaces c and gives what the cell lets out. Peepholes: i, o, f. */
export function lstmCell(
  gates: Float32Array,
  c: Float32Array,
  order: GateOrder,
  peephole?: Float32Array,
): Float32Array {
  const n = c.length;
  const sum = (letter: string, i: number): number => gates[order.indexOf(letter) * n + i];
  const gate = (letter: "i" | "o" | "f", i: number): number => {
    const peep = peephole?.[n * "iof".indexOf(letter) + i];
    return sigmoid(peep === undefined ? sum(letter, i) : f32(sum(letter, i) + f32(peep * c[i])));
  };
  return c.map((memory, i) => {
    const [input, forget] = [gate("i", i), gate("f", i)];
    c[i] = f32(forget * memory) + f32(input * tanh(sum("c", i)));
    return f32(gate("o", i) * tanh(c[i]));
  });
}

/** Update and reset gates of one GRU step as sums, [2·hidden] → the gates. */
export function gruGates(sums: Float32Array): Float32Array {
  return sums.map(sigmoid);
}

/** (1 − z)·n + z·h with the candidate n = tanh(sum) */
export function gruBlend(update: Float32Array, sums: Float32Array, h: Float32Array): Float32Array {
  return h.map((value, i) => f32(f32(f32(1 - update[i]) * tanh(sums[i])) + f32(update[i] * value)));
}
