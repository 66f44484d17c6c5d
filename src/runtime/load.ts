// A packed file → a model in the engine's memory. Weights are read straight to where the kernels will read them, so
// that they are in memory once.

import { OctavoxError } from "../errors.ts";
import { isPlain } from "../model/encoding.ts";
import type { Model } from "../model/graph.ts";
import {
  assembleModel,
  type OvxHeader,
  ovxHeadBytes,
  PRELUDE_BYTES,
  readOvxHeader,
  readTensor,
  type TensorRecord,
} from "../model/ovx.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Heap } from "./heap.ts";
import type { Weights } from "./weights.ts";

/** A file that can be read in parts. */
export interface ModelFile {
  /** Its size. */
  readonly bytes: number;
  /** Fills `target` from `position` on. */
  read(target: Uint8Array, position: number): Promise<void>;
}

/** Smaller constants (sizes, axes, vectors) stay outside the engine's memory; in bytes. */
const WORTH_MOVING = 4096;

/** Parts that are asked for before the first of them is checked. */
const READ_AHEAD = 8;

/** A model whose operators are known and whose weights are still to come. */
export interface OpenedModel {
  readonly graphs: readonly { readonly nodes: readonly { readonly op: string }[] }[];
  /** @throws OctavoxError `format` when a tensor is damaged, `host` when memory does not suffice */
  load(): Promise<Model>;
}

interface Places {
  heap: Heap;
  weights: Weights;
  signal?: AbortSignal | undefined;
}

/** @throws OctavoxError `format` when it is not a packed model, or its header is damaged */
export async function openModel(source: ModelFile | Model, places: Places): Promise<OpenedModel> {
  if ("graphs" in source) return { graphs: source.graphs, load: async () => source };
  const header = await readHeader(source);
  return { graphs: header.graphs, load: () => loadTensors(source, header, places) };
}

async function loadTensors(
  file: ModelFile,
  header: OvxHeader,
  { heap, weights, signal }: Places,
): Promise<Model> {
  heap.reserve(header.tensors.filter(isLarge).reduce((sum, { bytes }) => sum + heap.roomFor(bytes), 0));
  const read = async (record: TensorRecord) => {
    const position = header.dataOffset + record.offset;
    if (!isLarge(record)) return { bytes: await readPart(file, position, record.bytes) };
    const pointer = heap.allocate(record.bytes);
    const bytes = new Uint8Array(heap.memory.buffer, pointer, record.bytes);
    await file.read(bytes, position);
    return { bytes, pointer };
  };
  const tensors: Tensor[] = [];
  const parts: ReturnType<typeof read>[] = [];
  for (const [i, record] of header.tensors.entries()) {
    signal?.throwIfAborted();
    for (const next of header.tensors.slice(parts.length, i + READ_AHEAD)) {
      const part = read(next);
      part.catch(() => {}); // Its turn to be reported comes when it is awaited.
      parts.push(part);
    }
    const { bytes, pointer } = await parts[i];
    const tensor = readTensor(record, bytes);
    tensors.push(pointer === undefined ? tensor : weights.hold(tensor, pointer));
  }
  return assembleModel(header, tensors);
}

async function readHeader(file: ModelFile): Promise<OvxHeader> {
  const prelude = await readPart(file, 0, PRELUDE_BYTES);
  return readOvxHeader(await readPart(file, 0, ovxHeadBytes(prelude)), file.bytes);
}

async function readPart(file: ModelFile, position: number, bytes: number): Promise<Uint8Array> {
  const part = new Uint8Array(Math.min(bytes, file.bytes - position));
  await file.read(part, position);
  return part;
}

/** Elements that are stored as they are used; others are converted as they are read. */
function isLarge({ bytes, dtype, layout }: TensorRecord): boolean {
  return bytes >= WORTH_MOVING && (layout === "panels" || isPlain(dtype));
}

/** Bytes in memory as a file. */
export function fileOf(bytes: Uint8Array): ModelFile {
  return {
    bytes: bytes.length,
    async read(target, position) {
      target.set(bytes.subarray(position, position + target.length));
    },
  };
}

/** Programs without types hand in anything; an ArrayBuffer above all. */
export function checkSource(source: unknown): void {
  const isObject = typeof source === "object" && source !== null;
  if (isObject && (source instanceof Uint8Array || "graphs" in source || "read" in source)) return;
  throw new OctavoxError("argument", "a model", {
    expected: "a Uint8Array of a packed file, a file that can be read in parts, or a model",
    found: isObject ? source.constructor?.name : typeof source,
    remedy: source instanceof ArrayBuffer ? "Wrap it: new Uint8Array(buffer)" : undefined,
  });
}
