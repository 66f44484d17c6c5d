// Packed models, `.ovx` (docs/format.md): what importers and quantization leave, and the run-time loads.

export {
  assembleModel,
  isOvx,
  type OvxHeader,
  ovxHeadBytes,
  PRELUDE_BYTES,
  readOvx,
  readOvxHeader,
  readTensor,
  type TensorRecord,
} from "./ovx-read.ts";
export { writeOvx } from "./ovx-write.ts";
