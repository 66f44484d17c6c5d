// Binders of recurrent layers. A step of time is a product with the row h, and a kernel that turns the gates' sums into
// the next h; both take rows where they lie, so that h is read where the step before has written it.

import { exactRun, packPairs } from "../../kernels/layout.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, type Operand } from "../operand.ts";
import type { Binder, Site, Step, Views } from "../step.ts";

/** A row times a matrix, plus a row; pointers. */
interface RowProduct {
  readonly k: number;
  readonly n: number;
  run(views: Views, row: number, bias: number, to: number): void;
}

/** Scale, zero point and sum of a quantized row, and the row behind them. */
const [ZERO_AT, SUM_AT, ROW_AT] = [4, 8, 16];
/** In 16 bits, which is the most. */
const rowBytes = (k: number): number => ROW_AT + 16 * Math.ceil(k / 8);

/** The product with matrix `at` of a node; of an 8-bit one, `scratch` is where rows are quantized. */
function rowProduct(site: Site, at: number, scaleAt: number, scratch: number): RowProduct | undefined {
  const [k, n] = fixedDims(site.inputs[at]) ?? [];
  if (k === undefined || n === undefined) return undefined;
  if (site.inputs[at]!.dtype === "float32") {
    const [{ linear_f32 }, matrix] = [site.kernels, site.floats(at)];
    if (matrix === undefined) return undefined;
    return {
      ...{ k, n },
      run: (_, row, bias, to) => linear_f32(row, k * 4, matrix, to, n * 4, 1, n, k, bias),
    };
  }
  if (site.node.op.endsWith("16")) return shortProduct(site, [at, scaleAt], [k, n], scratch);
  const matrix = site.matrix(at, scaleAt, scaleAt + 1);
  if (!matrix) return undefined;
  const most = 2 ** Number(site.node.attributes.bits ?? 8) - 1;
  const { dynamic_quantize_u8, row_sums_u8, matmul_u8s8_f32 } = site.kernels;
  const { panels, sums, zeros, scales } = matrix;
  const [zeroAt, sumAt, rowAt] = [ZERO_AT, SUM_AT, ROW_AT].map((offset) => scratch + offset);
  const rowSum = zeros === 0 ? 0 : sumAt;
  return {
    ...{ k, n },
    run({ f32, u8 }, row, bias, to) {
      dynamic_quantize_u8(row, k, rowAt, scratch, zeroAt, most);
      if (rowSum !== 0) row_sums_u8(rowAt, k, 1, k, rowSum);
      const a = [rowAt, k, panels, to, n * 4, 1, n, k, u8[zeroAt]] as const;
      matmul_u8s8_f32(...a, sums, zeros, rowSum, f32[scratch >> 2], scales, bias);
    },
  };
}

/** The same with the row in 16 bits around 0. */
function shortProduct(
  site: Site,
  [at, scaleAt]: readonly [number, number],
  [k, n]: readonly [number, number],
  scratch: number,
): RowProduct | undefined {
  const [matrix, scale] = [site.constant(at), site.constant(scaleAt)];
  if (!matrix || !scale || (scale.size !== 1 && scale.size !== n)) return undefined;
  const weights = matrix.data;
  if (!(weights instanceof Int8Array || weights instanceof Int16Array)) return undefined;
  const { dynamic_quantize_s16, matmul_s16s8_f32, matmul_s16s16_f32 } = site.kernels;
  const product = weights instanceof Int8Array ? matmul_s16s8_f32 : matmul_s16s16_f32;
  const b = site.derived("pairs", [matrix], () => packPairs(weights, k, n));
  const scales = site.derived(`${n} scales`, [scale], () =>
    Float32Array.from({ length: n }, (_, i) => Number(scale.data[scale.size === 1 ? 0 : i])),
  );
  const [run, rowAt] = [exactRun(weights, k, n), scratch + ROW_AT];
  return {
    ...{ k, n },
    run({ f32 }, row, bias, to) {
      dynamic_quantize_s16(row, k, rowAt, scratch);
      product(rowAt, k * 2, b, to, n * 4, 1, n, k, run, bias, f32[scratch >> 2], scales);
    },
  };
}

/** Puts n values of c on 16 bits over their own range, where the node says so; `scratch` is for that. */
function cellGrid(site: Site, scratch: number, n: number): ((views: Views, c: number) => void) | undefined {
  if ((site.node.attributes.cell_bits ?? 0) === 0) return undefined;
  const { dynamic_quantize_s16, dequantize_s16 } = site.kernels;
  const row = scratch + ROW_AT;
  return ({ f32 }, c) => {
    dynamic_quantize_s16(c, n, row, scratch);
    dequantize_s16(row, n, c, f32[scratch >> 2]);
  };
}

/** Sizes of a walk over x [time, batch, gates·hidden]. */
function sizesOf(site: Site, gates: number) {
  const [x, r] = [fixedDims(site.inputs[0]), fixedDims(site.inputs[1])];
  if (x?.length !== 3 || !r || x[0] === 0) return undefined;
  const [time, batch, wide] = x;
  return { time, batch, hidden: wide / gates, width: r[0] };
}

/** Memory of a walk, in floats: what follows each other, each part a multiple of 16 bytes. */
function parts(start: number, floats: readonly number[]): number[] {
  let next = start;
  return floats.map((count) => {
    const at = next;
    next += 16 * Math.ceil(count / 4);
    return at;
  });
}

const isState = (operand: Operand | undefined, values: number): boolean => {
  const dims = fixedDims(operand);
  return operand === undefined || (dims !== undefined && sizeOf(dims) === values);
};

type Sizes = NonNullable<ReturnType<typeof sizesOf>>;
type StepOfTime = (views: Views, frame: number, h: number, y: number, item: number, first: boolean) => void;

/** Runs `step` for every frame; h goes from row to row of y, and the last one to the output of states. */
function walk(site: Site, { time, batch, hidden, width }: Sizes, zeros: number, step: StepOfTime): Step {
  const [x, y, last] = [site.inputs[0]!.pointer, site.outputs[0].pointer, site.outputs[1].pointer];
  const frameBytes = (site.inputs[0]!.dims[2] as number) * 4;
  const start = site.inputs[3]?.pointer;
  const backwards = site.node.attributes.backwards === 1;
  return ({ views }) => {
    if (zeros !== 0) views.f32.fill(0, zeros >> 2, (zeros >> 2) + Math.max(hidden, width));
    for (let item = 0; item < batch; item++) {
      let h = start === undefined ? zeros : start + item * width * 4;
      for (let i = 0; i < time; i++) {
        const row = (backwards ? time - 1 - i : i) * batch + item;
        const to = y + row * width * 4;
        step(views, x + row * frameBytes, h, to, item, i === 0);
        h = to;
      }
      views.u8.copyWithin(last + item * width * 4, h, h + width * 4);
    }
  };
}

/** Gates, what the cell lets out, zeros for a state left out, the quantized row. */
const lstmFloats = ({ hidden, width }: Sizes): number[] => [
  ...[4 * hidden, hidden, Math.max(hidden, width)],
  rowBytes(Math.max(hidden, width)) / 4,
];

const lstmSteps: Binder = {
  scratch(site) {
    const sizes = sizesOf(site, 4);
    return sizes ? parts(0, [...lstmFloats(sizes), 0])[4] : 0;
  },
  bind(site) {
    const sizes = sizesOf(site, 4);
    if (!sizes) return undefined;
    const { hidden, width, batch } = sizes;
    const [gates, out, zeros, quantized] = parts(site.scratch, lstmFloats(sizes));
    const recur = rowProduct(site, 1, 6, quantized);
    const project = site.inputs[2] && rowProduct(site, 2, 8, quantized);
    const fits = [isState(site.inputs[3], batch * width), isState(site.inputs[4], batch * hidden)];
    const right = recur?.n === 4 * hidden && (site.inputs[2] ? project?.n === width : hidden === width);
    if (!recur || !right || (project && project.k !== hidden) || fits.includes(false)) return undefined;
    if (!isState(site.inputs[5], 3 * hidden)) return undefined;
    const { lstm_cell_f32 } = site.kernels;
    const [c, next] = [site.inputs[4]?.pointer, site.outputs[2].pointer];
    const peephole = site.inputs[5]?.pointer ?? 0;
    const [o, f, g] = [1, 2, 3].map((gate) => gates + gate * hidden * 4);
    const putCell = cellGrid(site, quantized, hidden);
    if (![0, 16].includes(Number(site.node.attributes.cell_bits ?? 0))) return undefined;
    const needsZeros = !site.inputs[3] || !site.inputs[4] ? zeros : 0;
    return walk(site, sizes, needsZeros, (views, frame, h, y, item, first) => {
      const memory = next + item * hidden * 4;
      const from = !first ? memory : c === undefined ? zeros : c + item * hidden * 4;
      recur.run(views, h, frame, gates);
      lstm_cell_f32(gates, o, f, g, from, project ? out : y, memory, hidden, peephole);
      putCell?.(views, memory);
      project?.run(views, out, 0, y);
    });
  },
};

/** Gates and candidate, the row that is reset, zeros, the quantized row. */
const gruFloats = ({ hidden }: Sizes): number[] => [3 * hidden, hidden, hidden, rowBytes(hidden) / 4];

const gruSteps: Binder = {
  scratch(site) {
    const sizes = sizesOf(site, 3);
    return sizes ? parts(0, [...gruFloats(sizes), 0])[4] : 0;
  },
  bind(site) {
    const sizes = sizesOf(site, 3);
    if (!sizes) return undefined;
    const { hidden, width, batch } = sizes;
    const [update, row, zeros, quantized] = parts(site.scratch, gruFloats(sizes));
    const [reset, sums] = [1, 2].map((part) => update + part * hidden * 4);
    const [recur, candidate] = [rowProduct(site, 1, 5, quantized), rowProduct(site, 2, 7, quantized)];
    const right = recur?.n === 2 * hidden && candidate?.k === hidden && candidate.n === hidden;
    if (!right || width !== hidden || !isState(site.inputs[3], batch * hidden)) return undefined;
    if (!isState(site.inputs[4], hidden)) return undefined;
    const bias = site.inputs[4]?.pointer ?? 0;
    const { sigmoid_f32, mul_f32, add_f32, gru_blend_f32 } = site.kernels;
    const after = site.node.attributes.linear_before_reset === 1;
    return walk(site, sizes, site.inputs[3] ? 0 : zeros, (views, frame, h, y) => {
      const rest = frame + 2 * hidden * 4;
      recur.run(views, h, frame, update);
      sigmoid_f32(update, update, 2 * hidden);
      if (after) {
        candidate.run(views, h, bias, sums);
        mul_f32(reset, sums, sums, hidden);
        add_f32(sums, rest, sums, hidden);
      } else {
        mul_f32(reset, h, row, hidden);
        candidate.run(views, row, rest, sums);
      }
      gru_blend_f32(update, sums, h, y, hidden);
    });
  },
};

/** Rows of one node: as many as c has. */
const lstmCell: Binder = {
  bind({ node, inputs, outputs, kernels: { lstm_cell_f32 } }) {
    const [gates, c] = [fixedDims(inputs[0]), fixedDims(inputs[1])];
    if (!gates || !c || c.length === 0 || sizeOf(gates) !== 4 * sizeOf(c)) return undefined;
    const hidden = c.at(-1)!;
    const rows = sizeOf(c) / hidden;
    const order = (node.attributes.order as string | undefined) ?? "iofc";
    const [i, o, f, g] = [..."iofc"].map((gate) => inputs[0]!.pointer + order.indexOf(gate) * hidden * 4);
    const [memory, h, next] = [inputs[1]!.pointer, outputs[0].pointer, outputs[1].pointer];
    return () => {
      for (let row = 0, at = 0; row < rows; row++, at += hidden * 4)
        lstm_cell_f32(
          ...([i + 4 * at, o + 4 * at, f + 4 * at, g + 4 * at] as const),
          ...([memory + at, h + at, next + at, hidden, 0] as const),
        );
    };
  },
};

export const recurrent: Record<string, Binder> = {
  LstmSteps: lstmSteps,
  LstmStepsInteger: lstmSteps,
  LstmStepsInteger16: lstmSteps,
  GruSteps: gruSteps,
  GruStepsInteger: gruSteps,
  GruStepsInteger16: gruSteps,
  LstmCell: lstmCell,
};
