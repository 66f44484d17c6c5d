// Families of one step of a recurrent layer: the products with the frame and with h, and what comes of their sums.

import type { KernelFunctions, Pointer } from "../../src/kernels/functions.ts";
import { columnSums, packFloats, packPanels } from "../../src/kernels/layout.ts";
import { floatProduct, gruBlend, gruGates, integerProduct, lstmCell } from "../../src/reference/recurrent.ts";
import { family, type Place } from "./family.ts";
import { floats, type Random, signedBytes } from "./random.ts";

type Layer = readonly [hidden: number, input: number];
type Matrix = Float32Array | Int8Array;

const GATES = { lstm: 4, gru: 3 } as const;
/** Of all columns of an 8-bit matrix. */
const SCALE = Math.fround(0.002);

const layer = (gates: number) =>
  ({
    shapes: "recurrent",
    type: Float32Array,
    work: ([hidden, input]: Layer) => 2 * gates * hidden * (hidden + input),
    count: ([hidden]: Layer) => hidden,
  }) as const;

/** x, h, c and the matrices: of a GRU that of the candidate stands alone. */
function operandsOf<M extends Matrix>(gates: number, matrix: (random: Random, count: number) => M) {
  return ([hidden, input]: Layer, random: Random) => ({
    ...{ x: floats(random, input, 1), h: floats(random, hidden, 1), c: floats(random, hidden, 1) },
    w: matrix(random, input * gates * hidden),
    r: matrix(random, hidden * (gates === GATES.lstm ? 4 : 2) * hidden),
    candidate: matrix(random, gates === GATES.lstm ? 1 : hidden * hidden),
  });
}
const floatMatrix = (random: Random, count: number) => floats(random, count, 0.2);

/** The definition of a row times a matrix of either type. */
function defined(matrix: Matrix, k: number, n: number) {
  return matrix instanceof Float32Array
    ? floatProduct(matrix, k, n)
    : integerProduct(matrix, k, n, new Float32Array(n).fill(SCALE), new Int32Array(n));
}

/** The call of a row times a matrix of either type, `bias` added: rows meet 8-bit weights as bytes of their own range. */
function called(kernels: KernelFunctions, place: Place, matrix: Matrix, k: number, n: number) {
  const { linear_f32, dynamic_quantize_u8, matmul_u8s8_f32 } = kernels;
  if (matrix instanceof Float32Array) {
    const panels = place.put(packFloats(matrix, k, n));
    return (row: Pointer, bias: Pointer, to: Pointer) =>
      linear_f32(row, k * 4, panels, to, n * 4, 1, n, k, bias);
  }
  const arrays = [packPanels(matrix, k, n), columnSums(matrix, k, n), new Float32Array(n).fill(SCALE)];
  const [panels, sums, scales] = arrays.map((values) => place.put(values));
  const [bytes, scale, zero] = [k, 4, 4].map((size) => place.reserve(size));
  return (row: Pointer, bias: Pointer, to: Pointer) => {
    dynamic_quantize_u8(row, k, bytes, scale, zero, 255);
    const a = [bytes, k, panels, to, n * 4, 1, n, k, place.byte(zero)] as const;
    matmul_u8s8_f32(...a, sums, 0, 0, place.float(scale), scales, bias);
  };
}

function lstm<M extends Matrix>(title: string, limit: "f32" | "u8s8", matrix: (r: Random, n: number) => M) {
  return family({
    ...{ title, limit, ...layer(GATES.lstm), operands: operandsOf(GATES.lstm, matrix) },
    reference({ x, h, c, w, r }, [hidden, input]) {
      const sums = defined(w, input, 4 * hidden)(x);
      return lstmCell(defined(r, hidden, 4 * hidden)(h, sums), c.slice(), "iofc");
    },
    bind(kernels, place, { x, h, c, w, r }, [hidden, input]) {
      const [frame, before, memory] = [x, h, c].map((values) => place.put(values));
      const products = [
        called(kernels, place, w, input, 4 * hidden),
        called(kernels, place, r, hidden, 4 * hidden),
      ];
      const [sums, gates, result, next] = [4, 4, 1, 1].map((count) => place.reserve(count * hidden * 4));
      const [i, o, f, g] = [0, 1, 2, 3].map((gate) => gates + gate * hidden * 4);
      const call = () => {
        products[0](frame, 0, sums);
        products[1](before, sums, gates);
        kernels.lstm_cell_f32(i, o, f, g, memory, result, next, hidden, 0);
      };
      return { call, result };
    },
  });
}

function gru<M extends Matrix>(title: string, limit: "f32" | "u8s8", matrix: (r: Random, n: number) => M) {
  return family({
    ...{ title, limit, ...layer(GATES.gru), operands: operandsOf(GATES.gru, matrix) },
    reference({ x, h, w, r, candidate }, [hidden, input]) {
      const sums = defined(w, input, 3 * hidden)(x);
      const gates = gruGates(defined(r, hidden, 2 * hidden)(h, sums.subarray(0, 2 * hidden)));
      const reset = h.map((value, i) => gates[hidden + i] * value);
      const last = defined(candidate, hidden, hidden)(reset, sums.subarray(2 * hidden));
      return gruBlend(gates.subarray(0, hidden), last, h);
    },
    bind(kernels, place, { x, h, w, r, candidate }, [hidden, input]) {
      const [frame, before] = [x, h].map((values) => place.put(values));
      const fromFrame = called(kernels, place, w, input, 3 * hidden);
      const [fromH, last] = [
        called(kernels, place, r, hidden, 2 * hidden),
        called(kernels, place, candidate, hidden, hidden),
      ];
      const [sums, gates, row, result] = [3, 3, 1, 1].map((count) => place.reserve(count * hidden * 4));
      const [reset, end] = [gates + hidden * 4, gates + 2 * hidden * 4];
      const call = () => {
        fromFrame(frame, 0, sums);
        fromH(before, sums, gates);
        kernels.sigmoid_f32(gates, gates, 2 * hidden);
        kernels.mul_f32(reset, before, row, hidden);
        last(row, sums + 2 * hidden * 4, end);
        kernels.gru_blend_f32(gates, end, before, result, hidden);
      };
      return { call, result };
    },
  });
}

export const recurrentFamilies = {
  lstm: lstm("step of an LSTM, float32", "f32", floatMatrix),
  lstm_u8s8: lstm("step of an LSTM, 8-bit weights", "u8s8", signedBytes),
  gru: gru("step of a GRU, float32", "f32", floatMatrix),
  gru_u8s8: gru("step of a GRU, 8-bit weights", "u8s8", signedBytes),
};
