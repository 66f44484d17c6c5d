// The one table of instructions: `instructions.i32x4.add` is the row of "i32x4.add". The operators, both
// printers and the tests read it.

import { scalarInstructions } from "./scalar.ts";
import { vectorInstructions } from "./vector.ts";

export const instructions = { ...scalarInstructions, ...vectorInstructions };
