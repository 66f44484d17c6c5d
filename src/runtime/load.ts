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

/** @throws OctavoxError `format` when it is not a packed model or damaged, `host` when memory does not suffice */
export async function loadModel(
  file: ModelFile,
  { heap, weights, signal }: { heap: Heap; weights: Weights; signal?: AbortSignal | undefined },
): Promise<Model> {
  const header = await readHeader(file);
  heap.reserve(header.tensors.filter(isLarge).reduce((sum, { bytes }) => sum + heap.roomFor(bytes), 0));
  const tensors: Tensor[] = [];
  for (const record of header.tensors) {
    signal?.throwIfAborted();
    const position = header.dataOffset + record.offset;
    if (isLarge(record)) {
      const pointer = heap.allocate(record.bytes);
      const target = new Uint8Array(heap.memory.buffer, pointer, record.bytes);
      await file.read(target, position);
      tensors.push(weights.hold(readTensor(record, target), pointer));
    } else tensors.push(readTensor(record, await readPart(file, position, record.bytes)));
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
