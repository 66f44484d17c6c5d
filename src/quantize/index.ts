// `octavox/quantize`: numbers as integers of few bits.

export type { Affine, QuantizedList, RangeQuantization } from "./list.ts";
export { fromAffine, quantizeList, quantizeValue, revertList, revertValue, toAffine } from "./list.ts";
