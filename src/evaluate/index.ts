// `octavox/evaluate`: how well a recogniser hears, and how fast.

export type { Reference } from "./refs.ts";
export { readRefs } from "./refs.ts";
export type { EvaluateOptions, ItemResult, SpokenItem, WerResult } from "./transcription.ts";
export { evaluateTranscription } from "./transcription.ts";
export type { WordErrors } from "./wer.ts";
export { addWordErrors, countWordErrors, wordErrorRate } from "./wer.ts";
export { words } from "./words.ts";
