// `octavox/evaluate`: how well a recogniser or a keyword model hears, and how fast.

export type { Disagreement, Outcome } from "./against.ts";
export { disagreements } from "./against.ts";
export type { Choice } from "./choice.ts";
export { choose, inTurn, seeded } from "./choice.ts";
export type { Accuracy, ClassCount } from "./confusion.ts";
export { Confusion } from "./confusion.ts";
export type { Cost, RunOptions } from "./items.ts";
export type { LabelNames } from "./label-names.ts";
export { matchLabels } from "./label-names.ts";
export type { HeardItem, LabelledItem, LabelsOptions, LabelsResult } from "./labels.ts";
export { evaluateLabels } from "./labels.ts";
export type { Clock, Filling, Pace, Played, Slowed } from "./realtime.ts";
export { playLive, playRecorded, playSlowed, quantile, slowdownOfFirstLoss } from "./realtime.ts";
export type { Reference } from "./refs.ts";
export { readRefs } from "./refs.ts";
export type { Spoken, SpottingErrors, SpottingOptions, SpottingResult, StreamOptions } from "./spotting.ts";
export { countSpottingErrors, evaluateSpotting, streamOf } from "./spotting.ts";
export type { EvaluateOptions, ItemResult, SpokenItem, WerResult } from "./transcription.ts";
export { evaluateTranscription } from "./transcription.ts";
export type { WordErrors } from "./wer.ts";
export { addWordErrors, countWordErrors, wordErrorRate } from "./wer.ts";
export { words } from "./words.ts";
