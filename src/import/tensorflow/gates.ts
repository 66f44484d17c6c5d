// Weights of a cell as ONNX's LSTM and GRU have them. TensorFlow keeps x and h side by side in one kernel
// [x + h, gates·hidden]; ONNX has W [1, gates·hidden, x] and R [1, gates·hidden, h], gates in an order of its own.

import { Tensor } from "../../tensor/tensor.ts";
import type { Gate, GruCell, LstmCell } from "./cells.ts";
import type { Linear } from "./expressions.ts";

/** Tensors of a layer, without an input of ONNX's where undefined. */
export interface Weights {
  hidden: number;
  w: Tensor;
  r: Tensor;
  b: Tensor;
  /** Peepholes [1, 3·hidden]: input, output, forget. */
  p?: Tensor | undefined;
  /** [1, hidden, projected] */
  projection?: Tensor | undefined;
}

/** Columns of one gate, with what they belong to. */
interface Block {
  sums: Linear;
  place: number;
  bias?: readonly number[] | undefined;
}

/** Undefined where sizes contradict each other. */
export function lstmWeights(
  { sums, gates, h }: LstmCell,
  projection: Tensor | undefined,
): Weights | undefined {
  const hidden = sums.kernel.dims[1] / 4;
  const width = projection ? projection.dims[1] : hidden;
  if (projection && (projection.dtype !== "float32" || String(projection.dims) !== String([hidden, width])))
    return undefined;
  const { input, output, forget, candidate } = gates;
  const order: readonly Gate[] = [input, output, forget, candidate];
  const blocks = order.map(({ place, bias }) => ({ sums, place, bias }));
  const peepholes = [input, output, forget].map(({ peephole }) => peephole);
  const seen = peepholes.some((list) => list !== undefined);
  if (peepholes.some((list) => list !== undefined && list.length !== hidden)) return undefined;
  const p = seen ? peepholes.flatMap((list) => list ?? new Array<number>(hidden).fill(0)) : undefined;
  const packed = pack(blocks, { hidden, width, xFirst: sums.inputs[1] === h.now });
  return (
    packed && {
      ...{ hidden, ...packed },
      p: p && new Tensor("float32", p, [1, p.length]),
      projection: projection?.reshape([1, hidden, width]),
    }
  );
}

export function gruWeights({ x, sums, places, candidate }: GruCell): Weights | undefined {
  const hidden = candidate.kernel.dims[1];
  if (sums.kernel.dims[1] !== 2 * hidden || sums.kernel.dims[0] !== candidate.kernel.dims[0])
    return undefined;
  const blocks = [
    { sums, place: places.update },
    { sums, place: places.reset },
    { sums: candidate, place: 0 },
  ];
  const packed = pack(blocks, { hidden, width: hidden, xFirst: sums.inputs[0] === x });
  return packed && { hidden, ...packed };
}

/** W, R, and B: the input's biases, then zeros for the recurrence's. */
function pack(
  blocks: readonly Block[],
  { hidden, width, xFirst }: { hidden: number; width: number; xFirst: boolean },
): Pick<Weights, "w" | "r" | "b"> | undefined {
  const rows = blocks[0].sums.kernel.dims[0];
  const size = rows - width;
  if (!Number.isInteger(hidden) || size <= 0) return undefined;
  const [x, h] = xFirst ? [0, size] : [width, 0];
  const count = blocks.length * hidden;
  const part = (from: number, length: number) =>
    new Tensor(
      "float32",
      Float32Array.from(blocks.flatMap((block) => columns(block, hidden, from, length))),
      [1, count, length],
    );
  const bias = blocks.flatMap(({ sums, place, bias: more = [0] }) =>
    Array.from({ length: hidden }, (_, i) => sums.bias[place * hidden + i] + more[i % more.length]),
  );
  const b = new Tensor("float32", [...bias, ...new Array<number>(count).fill(0)], [1, 2 * count]);
  return { w: part(x, size), r: part(h, width), b };
}

/** A gate's columns as rows, of some of the kernel's rows. */
function columns({ sums, place }: Block, hidden: number, from: number, length: number): number[] {
  const { data, dims } = sums.kernel;
  const at = (column: number, row: number) => Number(data[(from + row) * dims[1] + place * hidden + column]);
  return Array.from({ length: hidden * length }, (_, i) => at(Math.floor(i / length), i % length));
}
