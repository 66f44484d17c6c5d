// `octavox/quantize`: float models on few bits, with the account of what that costs; numbers as integers of few bits.

export type { BlockProblem, BlockRounding, BlockWeights } from "./blocks.ts";
export { fitBlocks } from "./blocks.ts";
export type { CalibrationSet, Progress } from "./calibrate.ts";
export type { Recording, RecordingOptions } from "./clips.ts";
export { calibrationFrom } from "./clips.ts";
export type { WeightOptions } from "./four-bits.ts";
export { hasIntegerMatrices, quantizeWeights } from "./four-bits.ts";
export type { Affine, QuantizedList, RangeQuantization } from "./list.ts";
export { fromAffine, quantizeList, quantizeValue, revertList, revertValue, toAffine } from "./list.ts";
export { gptqBlocks } from "./methods/gptq-blocks.ts";
export { InputMoments } from "./moments.ts";
export { observerNames } from "./observers/index.ts";
export { roles } from "./patterns.ts";
export type { QuantizeOptions } from "./quantize.ts";
export { quantize } from "./quantize.ts";
export type {
  Agreement,
  Evaluation,
  Judged,
  LayerReport,
  QuantizationReport,
  TensorHistogram,
} from "./report.ts";
export { poorLayers, remarks } from "./report.ts";
export type {
  ActivationFormat,
  Granularity,
  LayerScheme,
  Scheme,
  SchemeName,
  SchemeRule,
  SpareRule,
  WeightFormat,
} from "./schemes.ts";
export { schemeNamed, schemes } from "./schemes.ts";
export type { SweepOptions, SweepPoint } from "./sweep.ts";
export { sweepBits, sweptBits } from "./sweep.ts";
export { methodWords } from "./weights.ts";
