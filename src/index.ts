// The public run-time API: what a page, a worker or a server needs to run packed models, and nothing else.

export { decodeAudio, toMono16k } from "./audio/audio.ts";
export type { ErrorCode, ErrorDetails } from "./errors.ts";
export { OctavoxError } from "./errors.ts";
export type { KernelChoice } from "./runtime/choose.ts";
export { kernelChoices } from "./runtime/choose.ts";
export type { ModelFile } from "./runtime/load.ts";
export type { RunOptions, SessionOptions } from "./runtime/session.ts";
export { InferenceSession } from "./runtime/session.ts";
export type { KeywordSettings } from "./speech/keyword-settings.ts";
export type { Classification, ClassifyOptions, KeywordOptions } from "./speech/keywords.ts";
export { KeywordModel } from "./speech/keywords.ts";
export type { Segment, TranscribeOptions, Transcript } from "./speech/recognizer.ts";
export { Recognizer } from "./speech/recognizer.ts";
export type { Detection, SpotterOptions } from "./speech/spotter.ts";
export { KeywordSpotter, spotterDefaults } from "./speech/spotter.ts";
export type { DType } from "./tensor/dtype.ts";
export { Tensor } from "./tensor/tensor.ts";
