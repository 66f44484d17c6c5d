// Constants in the engine's memory: each tensor once, however many graphs use it, and for the matrices of integer
// products what the kernels need beside the bytes: column sums, scales and zero points, one a column.

import {
  columnSums,
  NIBBLE_GAIN,
  NIBBLE_GROUP,
  packBlocks,
  packFloats,
  packNibbles,
  packPanels,
  panelBytes,
  unpackMatrix,
} from "../kernels/layout.ts";
import type { Graph } from "../model/graph.ts";
import { panelType } from "../model/panels.ts";
import { type TypedArray, traits } from "../tensor/dtype.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { Heap } from "./heap.ts";
import type { Operand } from "./operand.ts";
import type { PreparedBlocks, PreparedMatrix } from "./step.ts";

/** The sums of longer blocks may not fit the 16 bits that kernels keep them in. */
const LONGEST_BLOCK = 4096;
/** Scales below, divided by `NIBBLE_GAIN`, would lose bits. */
const SMALLEST_SCALE = NIBBLE_GAIN * 2 ** -126;

export class Weights {
  private readonly heap: Heap;
  private readonly places = new Map<Tensor, number>();
  private readonly held: Tensor[] = [];
  private readonly matrices = new Map<string, PreparedMatrix>();
  private readonly blockMatrices = new Map<string, PreparedBlocks>();
  private readonly unpacked = new Map<Tensor, Tensor>();
  private readonly operands = new Map<Graph, Map<string, Operand>>();

  constructor(heap: Heap) {
    this.heap = heap;
    heap.onGrow(() => this.renewViews());
  }

  /** Takes a constant whose array is a view of the engine's memory at `pointer`; renewed when the memory grows. */
  hold(tensor: Tensor, pointer: number): Tensor {
    this.places.set(tensor, pointer);
    this.held.push(tensor);
    return tensor;
  }

  private renewViews(): void {
    const { buffer } = this.heap.memory;
    for (const tensor of this.held) {
      const view = new (traits(tensor.dtype).array)(buffer, this.place(tensor), sizeOf(tensor.dims));
      (tensor as { data: TypedArray }).data = view;
    }
  }

  /** Where a constant lies; copied in on first use. */
  place(tensor: Tensor): number {
    const known = this.places.get(tensor);
    if (known !== undefined) return known;
    const pointer = this.store(tensor.data);
    this.places.set(tensor, pointer);
    return pointer;
  }

  /** A constant as plans see it. Its bytes are copied in when its place is asked for: matrices are read as panels. */
  operand(name: string, graph: Graph): Operand | undefined {
    const known = this.operands.get(graph)?.get(name);
    const tensor = known ? undefined : graph.constants.get(name);
    if (!tensor) return known;
    const place = (): number => this.place(tensor);
    const operand: Operand = {
      name,
      dtype: graph.layouts?.has(name) ? panelType(tensor) : tensor.dtype,
      dims: graph.layouts?.get(name)?.dims ?? tensor.dims,
      get pointer() {
        return place();
      },
    };
    if (!this.operands.has(graph)) this.operands.set(graph, new Map());
    this.operands.get(graph)!.set(name, operand);
    return operand;
  }

  /** A constant as the reference wants it: row-major, whatever its layout in the file. */
  rowMajor(name: string, graph: Graph): Tensor | undefined {
    const tensor = graph.constants.get(name);
    const dims = graph.layouts?.get(name)?.dims;
    if (!tensor || !dims) return tensor;
    const known = this.unpacked.get(tensor) ?? unpackMatrix(tensor, dims);
    this.unpacked.set(tensor, known);
    return known;
  }

  /**
   * The K×N constant `name` of 8 or 4 bits with its scale and zero point (one, or one a column), ready for the kernels:
   * as bytes in panels.
   */
  matrix(name: string, graph: Graph, scale: Tensor, zero: Tensor): PreparedMatrix | undefined {
    const tensor = graph.constants.get(name);
    const dims = graph.layouts?.get(name)?.dims ?? tensor?.dims;
    const isInt4 = tensor?.dtype === "int4" && !graph.layouts?.has(name);
    if ((tensor?.dtype !== "int8" && !isInt4) || dims?.length !== 2) return undefined;
    if ([scale, zero].some(({ size }) => size !== 1 && size !== dims[1])) return undefined;
    const key = [tensor, scale, zero].map((part) => this.keyOf(part)).join();
    const known = this.matrices.get(key) ?? this.prepare(name, graph, dims, scale, zero);
    this.matrices.set(key, known);
    return known;
  }

  /** The K×N int4 constant `name` with its scales [blocks, N], ready for the kernels. */
  blocks(name: string, graph: Graph, scales: Tensor, block: number): PreparedBlocks | undefined {
    const tensor = graph.constants.get(name);
    const layout = graph.layouts?.get(name);
    const [k, n] = layout?.dims ?? tensor?.dims ?? [];
    if (!tensor || (layout ? panelType(tensor) : tensor.dtype) !== "int4") return undefined;
    const oneBlock = block >= k;
    const length = oneBlock ? Math.ceil(k / NIBBLE_GROUP) * NIBBLE_GROUP : block;
    const usable = length > 0 && length % NIBBLE_GROUP === 0 && length <= LONGEST_BLOCK;
    const data = scales.data as Float32Array;
    if (!usable || data.length !== Math.ceil(k / length) * n) return undefined;
    if (data.some((scale) => scale !== 0 && !(Math.abs(scale) >= SMALLEST_SCALE))) return undefined;
    const key = [this.keyOf(tensor), this.keyOf(scales), length].join();
    const known = this.blockMatrices.get(key) ?? this.prepareBlocks(tensor, scales, [k, n, length], !layout);
    this.blockMatrices.set(key, known);
    return known;
  }

  /** The K×N float32 constant `name` in panels. */
  floats(name: string, graph: Graph): number | undefined {
    const tensor = graph.constants.get(name);
    if (tensor?.dtype !== "float32") return undefined;
    if (graph.layouts?.has(name)) return this.place(tensor);
    const [k, n, ...more] = tensor.dims;
    if (n === undefined || more.length > 0) return undefined;
    return this.derived("panels", [tensor], () => packFloats(tensor.data as Float32Array, k, n));
  }

  private prepareBlocks(
    tensor: Tensor,
    scales: Tensor,
    [k, n, block]: readonly [k: number, n: number, block: number],
    inRows: boolean,
  ): PreparedBlocks {
    const packed = inRows ? packNibbles(tensor.data as Int8Array, k, n) : (tensor.data as Uint8Array);
    const records = packBlocks(packed, scales.data as Float32Array, [k, n, block]);
    const panels = inRows ? this.store(packed) : this.place(tensor);
    return { panels, k, n, block, records: this.store(records) };
  }

  /** Where an array lies that is made of constants; made once for the same constants and `kind`. */
  derived(kind: string, from: readonly Tensor[], make: () => TypedArray): number {
    const key = [kind, ...from.map((part) => this.keyOf(part))].join();
    const place = this.made.get(key) ?? this.store(make());
    this.made.set(key, place);
    return place;
  }
  private readonly made = new Map<string, number>();

  private readonly keys = new Map<Tensor, number>();
  private keyOf(tensor: Tensor): number {
    const key = this.keys.get(tensor) ?? this.keys.size;
    this.keys.set(tensor, key);
    return key;
  }

  private prepare(
    name: string,
    graph: Graph,
    [k, n]: readonly number[],
    scale: Tensor,
    zero: Tensor,
  ): PreparedMatrix {
    const tensor = graph.constants.get(name)!;
    const panelled = graph.layouts?.has(name);
    const panels = panelled ? this.place(tensor) : this.store(packPanels(tensor.data as Int8Array, k, n));
    const columns = (source: Tensor): number[] =>
      source.size === 1 ? new Array(n).fill(Number(source.data[0])) : source.numbers();
    const zeros = columns(zero);
    return {
      panels,
      k,
      n,
      sums: this.store(
        panelled ? panelSums(tensor.data as Int8Array, k, n) : columnSums(tensor.data as Int8Array, k, n),
      ),
      scales: this.store(Float32Array.from(columns(scale))),
      zeros: zeros.every((value) => value === 0) ? 0 : this.store(Int32Array.from(zeros)),
    };
  }

  private store(data: TypedArray): number {
    const pointer = this.heap.allocate(data.byteLength);
    const target = new Uint8Array(this.heap.memory.buffer, pointer, data.byteLength);
    target.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return pointer;
  }
}

/** Σk B[k, n] for each column of a matrix in panels: rows that only fill a group are zero and add nothing. */
function panelSums(packed: Int8Array, k: number, n: number): Int32Array {
  const sums = new Int32Array(n);
  const perPanel = panelBytes(k, 8);
  for (let panel = 0; panel * 8 < n; panel++)
    for (let column = 0; column < 8 && panel * 8 + column < n; column++) {
      let sum = 0;
      for (let at = panel * perPanel + column * 4, end = (panel + 1) * perPanel; at < end; at += 32)
        sum += packed[at] + packed[at + 1] + packed[at + 2] + packed[at + 3];
      sums[panel * 8 + column] = sum;
    }
  return sums;
}
