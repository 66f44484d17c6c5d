// The operators by name: ONNX's and octavox's own, one family a file.

import { heads } from "./attention.ts";
import { blocks } from "./blocks.ts";
import { channelsLast } from "./channels-last.ts";
import { convolution } from "./convolution.ts";
import { creation } from "./create.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { int16 } from "./int16.ts";
import { movement } from "./movement.ts";
import { normalization } from "./normalization.ts";
import type { Operators } from "./operator.ts";
import { pooling } from "./pooling.ts";
import { products } from "./products.ts";
import { quantization } from "./quantization.ts";
import { recurrence } from "./recurrent.ts";
import { recurrentSteps } from "./recurrent-steps.ts";
import { reducing } from "./reduce.ts";
import { requantized } from "./requantized.ts";
import { reshaping } from "./reshaping.ts";
import { spectral } from "./spectral.ts";
import { unary } from "./unary.ts";

export type { OperatorContext, ReferenceOperator } from "./operator.ts";

export const operators: Operators = {
  ...unary,
  ...elementwise,
  ...reshaping,
  ...movement,
  ...creation,
  ...indexing,
  ...reducing,
  ...products,
  ...blocks,
  ...int16,
  ...convolution,
  ...channelsLast,
  ...requantized,
  ...pooling,
  ...normalization,
  ...quantization,
  ...heads,
  ...recurrence,
  ...recurrentSteps,
  ...spectral,
};
