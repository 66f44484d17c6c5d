// Rows of features by SIMD kernels, four frames at a time, with the bits of `plain.ts`. Each engine has a memory of
// its own: tables, two buffers that the transform goes back and forth between, and a block of samples.

import { type FrameFunctions, loadFrameKernels } from "../kernels/frame_kernels.ts";
import type { Stage } from "./fft.ts";
import { type FrameEngine, PER_LN_10 } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";
import type { WeightRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** Frames in the lanes of a vector. */
const GROUP = 4;
/** Frames whose samples are copied at once. */
const BLOCK = 16 * GROUP;
const PAGE = 65_536;
/** Kernels may read so many bytes past an operand. */
const SLACK = 64;

/** @throws WebAssembly.CompileError on a host without SIMD */
export async function simdEngine(preset: FeaturePreset, tables: Tables): Promise<FrameEngine> {
  const memory = new WebAssembly.Memory({ initial: 0 });
  const kernels = await loadFrameKernels(memory);
  const place = new Places(memory);
  const layout = placeTables(place, preset, tables);
  place.settle();
  return new SimdEngine(kernels, new Float32Array(memory.buffer), preset, layout);
}

/** Gives out stretches of a memory, which grows once, when all are known. */
class Places {
  private readonly memory: WebAssembly.Memory;
  private readonly contents: (() => void)[] = [];
  private end = 0;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  /** Room for `bytes`, at a multiple of 16. */
  reserve(bytes: number): number {
    const start = this.end;
    this.end += Math.ceil((bytes + SLACK) / 16) * 16;
    return start;
  }

  put(values: Float32Array | Int32Array): number {
    const start = this.reserve(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.contents.push(() => new Uint8Array(this.memory.buffer).set(bytes, start));
    return start;
  }

  settle(): void {
    this.memory.grow(Math.ceil(this.end / PAGE));
    for (const write of this.contents) write();
  }
}

/** Weights as the kernel takes them: runs of values, and all weights one after another. */
interface PlacedRows {
  runs: number;
  weights: number;
  rows: number;
}

interface Layout {
  window: number;
  stages: { stage: Stage; twiddles: number }[];
  twiddles: number;
  mel: PlacedRows;
  dct: PlacedRows | undefined;
  /** A number for every band of four frames, or undefined where nothing happens. */
  floor: number | undefined;
  offset: number | undefined;
  factor: number | undefined;
  samples: number;
  /** Each as long as a group of frames. */
  buffers: [number, number];
}

function placeTables(place: Places, preset: FeaturePreset, tables: Tables): Layout {
  const { hop, fft, log, mel } = preset;
  const { window, transform } = tables;
  const rowsOf = (rows: readonly WeightRow[]): PlacedRows => ({
    runs: place.put(Int32Array.from(rows.flatMap(({ start, weights }) => [start, weights.length]))),
    weights: place.put(Float32Array.from(rows.flatMap(({ weights }) => Array.from(weights)))),
    rows: rows.length,
  });
  const repeated = (value: number) => place.put(new Float32Array(GROUP * mel.bands).fill(value));
  // Two values beyond the frame: a spectrum has one bin more than half of it, and bands may be more than that.
  const buffer = 4 * GROUP * Math.max(fft + 2, mel.bands);
  return {
    window: place.put(window),
    stages: transform.stages.map((stage) => ({ stage, twiddles: place.put(stage.twiddles) })),
    twiddles: place.put(transform.twiddles),
    mel: rowsOf(tables.mel),
    dct: tables.dct && rowsOf(tables.dct),
    floor: log.floor > 0 ? repeated(log.floor) : undefined,
    offset: log.offset > 0 ? repeated(log.offset) : undefined,
    factor: log.base === "10" ? repeated(PER_LN_10) : undefined,
    samples: place.reserve(4 * ((BLOCK - 1) * hop + window.length)),
    buffers: [place.reserve(buffer), place.reserve(buffer)],
  };
}

class SimdEngine implements FrameEngine {
  private readonly kernels: FrameFunctions;
  private readonly heap: Float32Array;
  private readonly preset: FeaturePreset;
  private readonly layout: Layout;
  private readonly width: number;

  constructor(kernels: FrameFunctions, heap: Float32Array, preset: FeaturePreset, layout: Layout) {
    this.kernels = kernels;
    this.heap = heap;
    this.preset = preset;
    this.layout = layout;
    this.width = (layout.dct ?? layout.mel).rows;
  }

  run(samples: Float32Array, start: number, count: number, out: Float32Array, at: number): void {
    const { hop, window } = this.preset;
    for (let first = 0; first < count; first += BLOCK) {
      const frames = Math.min(BLOCK, count - first);
      const from = start + first * hop;
      const end = from + (frames - 1) * hop + window.length;
      this.heap.set(samples.subarray(from, end), this.layout.samples / 4);
      for (let group = 0; group < frames; group += GROUP) {
        const rows = this.group(group, frames);
        this.take(rows, Math.min(GROUP, frames - group), out, at + (first + group) * this.width);
      }
    }
  }

  /** Features of the frames from `first` on, interleaved; the last frame stands in for those that are not there. */
  private group(first: number, frames: number): number {
    const { kernels, layout } = this;
    const frame = (lane: number) => layout.samples + 4 * this.preset.hop * Math.min(first + lane, frames - 1);
    let [x, y] = layout.buffers;
    this.weigh(frame(0), frame(1), frame(2), frame(3), x);
    for (const { stage, twiddles } of layout.stages) {
      const { radix, length, repeat } = stage;
      kernels[`fft_stage${radix}_f32`](x, y, twiddles, length, repeat);
      [x, y] = [y, x];
    }
    const half = this.preset.fft / 2;
    kernels.fft_power_f32(x, y, layout.twiddles, half);
    if (this.preset.spectrum === "magnitude") kernels.sqrt_f32(y, y, GROUP * (half + 1));
    this.sums(layout.mel, y, x);
    this.takeLogarithm(x);
    if (!layout.dct) return x;
    this.sums(layout.dct, x, y);
    return y;
  }

  private weigh(a: number, b: number, c: number, d: number, x: number): void {
    const { kernels, preset, layout } = this;
    const { length } = preset.window;
    kernels.interleave_f32(a, b, c, d, x, length);
    if (preset.removeMean) kernels.centre_frames_f32(x, length);
    if (preset.preEmphasis !== 0) kernels.emphasise_frames_f32(x, length, preset.preEmphasis);
    kernels.window_frames_f32(x, layout.window, length);
    this.heap.fill(0, x / 4 + GROUP * length, x / 4 + GROUP * preset.fft);
  }

  private takeLogarithm(x: number): void {
    const { kernels, layout } = this;
    const values = GROUP * layout.mel.rows;
    if (layout.floor !== undefined) kernels.max_f32(x, layout.floor, x, values);
    if (layout.offset !== undefined) kernels.add_f32(x, layout.offset, x, values);
    kernels.log_f32(x, x, values);
    if (layout.factor !== undefined) kernels.mul_f32(x, layout.factor, x, values);
  }

  private sums({ runs, weights, rows }: PlacedRows, x: number, y: number): void {
    this.kernels.run_sums_f32(x, y, runs, weights, rows);
  }

  /** Interleaved values at `pointer` as rows of `out`. */
  private take(pointer: number, frames: number, out: Float32Array, at: number): void {
    const base = pointer / 4;
    for (let lane = 0; lane < frames; lane++)
      for (let i = 0; i < this.width; i++)
        out[at + lane * this.width + i] = this.heap[base + GROUP * i + lane];
  }
}
