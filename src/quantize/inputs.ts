// What a layer's weights meet: the columns of its input, cut out of the tensor as the operator's sums do it. Long clips
// give more columns than statistics need: of each clip, evenly spaced ones are taken.

import type { Node } from "../model/graph.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { Layer, LayerWeights } from "./layers.ts";
import { matrixPlaces } from "./matrix.ts";
import { InputStatistics, type StatisticsOptions } from "./methods/statistics.ts";

/** Columns of a clip that count: as many as so much work (multiplications) allows. */
const [FEWEST_COLUMNS, MOST_COLUMNS, WORK] = [8, 192, 4e7];

const columnsFor = (statistics: InputStatistics): number =>
  statistics.hasMoments
    ? Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, Math.floor(WORK / statistics.k ** 2)))
    : MOST_COLUMNS;

/** Statistics to fill, one for each group of rows that meets inputs of its own. */
export function statisticsFor(
  { node }: Layer,
  { shape }: LayerWeights,
  { moments = true }: Pick<StatisticsOptions, "moments"> = {},
): InputStatistics[] {
  const groups = node.op === "Conv" ? Number(node.attributes.group ?? 1) : 1;
  const { k } = matrixPlaces(shape);
  const directions = node.op === "LSTM" || node.op === "GRU";
  return Array.from({ length: groups }, () => new InputStatistics(k, { moments, directions }));
}

/** The value of all steps' outputs: a name is made up where the model looks at the last one only. */
export function sequenceOf({ name, outputs }: Node): string {
  return outputs[0] || `${name}/sequence`;
}

/** @param values the layer's input, and the sequence of a recurrent layer's outputs, by name */
export function addInputs(
  statistics: readonly InputStatistics[],
  { node, input }: Layer,
  { meets, shape }: LayerWeights,
  values: Readonly<Record<string, Tensor>>,
): void {
  const tensor = values[meets === "recurrent" ? sequenceOf(node) : input];
  if (!tensor) return;
  // Rows of products, and steps of sequences; a recurrent layer's weights meet all of its outputs but the last.
  const width = tensor.dims.at(-1) ?? 1;
  if (node.op === "Conv") addWindows(statistics, node, shape.dims.slice(2), tensor);
  else if (width === statistics[0].k) addRows(statistics[0], tensor.data as Float32Array, width);
}

function addRows(statistics: InputStatistics, data: Float32Array, width: number): void {
  const rows = data.length / width;
  const step = Math.max(1, Math.ceil(rows / columnsFor(statistics)));
  for (let row = 0; row < rows; row += step) statistics.add(data, row * width);
}

/** Windows of x [batch, channels, ..]; each group of channels apart. */
function addWindows(
  statistics: readonly InputStatistics[],
  node: Node,
  kernel: readonly number[],
  { data, dims }: Tensor,
): void {
  const [batch, channels, ...sizes] = dims;
  const rank = sizes.length;
  const list = (name: string, otherwise: number): readonly number[] =>
    (node.attributes[name] as readonly number[] | undefined) ?? new Array<number>(rank).fill(otherwise);
  const width = channels / statistics.length;
  const [strides, dilations] = [list("strides", 1), list("dilations", 1)];
  const begins = padsOf(node, sizes, kernel, strides, dilations);
  const out = sizes.map((size, i) => {
    const reach = (kernel[i] - 1) * dilations[i] + 1;
    return Math.floor((size + begins.total[i] - reach) / strides[i]) + 1;
  });
  const [places, space, positions] = [sizeOf(kernel), sizeOf(sizes), sizeOf(out)];
  const step = Math.max(1, Math.ceil((positions * batch) / columnsFor(statistics[0])));
  const from = new Int32Array(places);
  const column = new Float32Array(width * places);
  for (let at = 0; at < positions * batch; at += step) {
    const item = Math.floor(at / positions);
    windowAt(at % positions, out, from, { sizes, kernel, strides, dilations, begins: begins.begin });
    statistics.forEach((own, group) => {
      const start = (item * channels + group * width) * space;
      for (let c = 0; c < width; c++)
        for (let p = 0; p < places; p++)
          column[c * places + p] = from[p] < 0 ? 0 : (data as Float32Array)[start + c * space + from[p]];
      own.add(column);
    });
  }
}

/** Padding before each axis and in all, as ONNX's `pads` or `auto_pad` say. */
function padsOf(
  { attributes }: Node,
  sizes: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): { begin: number[]; total: number[] } {
  const rank = sizes.length;
  const auto = String(attributes.auto_pad ?? "NOTSET");
  if (auto.startsWith("SAME")) {
    const total = sizes.map((size, i) => {
      const reach = (kernel[i] - 1) * dilations[i] + 1;
      return Math.max(0, (Math.ceil(size / strides[i]) - 1) * strides[i] + reach - size);
    });
    const half = auto === "SAME_UPPER" ? Math.floor : Math.ceil;
    return { begin: total.map((all) => half(all / 2)), total };
  }
  const pads = auto === "VALID" ? undefined : (attributes.pads as readonly number[] | undefined);
  const begin = sizes.map((_, i) => pads?.[i] ?? 0);
  return { begin, total: begin.map((each, i) => each + (pads?.[i + rank] ?? 0)) };
}

interface Window {
  sizes: readonly number[];
  kernel: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  begins: readonly number[];
}

/** For each place of the window at a position of the output, where it is in a channel; −1 in the padding. */
function windowAt(position: number, out: readonly number[], from: Int32Array, window: Window): void {
  const { sizes, kernel, strides, dilations, begins } = window;
  const corner = out.map((_, axis) => {
    const at = Math.floor(position / sizeOf(out.slice(axis + 1))) % out[axis];
    return at * strides[axis] - begins[axis];
  });
  for (let place = 0; place < from.length; place++) {
    let [index, rest] = [0, place];
    for (let axis = 0; axis < sizes.length; axis++) {
      const inner = sizeOf(kernel.slice(axis + 1));
      const at = corner[axis] + Math.floor(rest / inner) * dilations[axis];
      rest %= inner;
      index = index < 0 || at < 0 || at >= sizes[axis] ? -1 : index * sizes[axis] + at;
    }
    from[place] = index;
  }
}
