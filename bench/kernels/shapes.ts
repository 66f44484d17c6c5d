// The files of `bench/shapes`: a shape a line, its sizes between blanks, and behind # which model has it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Shape } from "./family.ts";

export interface NamedShape {
  readonly shape: Shape;
  /** "Moonshine tiny, encoder: MLP up" */
  readonly from: string;
}

const folder = join(import.meta.dirname, "../shapes");

export function readShapes(name: string): NamedShape[] {
  return readFileSync(join(folder, `${name}.txt`), "utf8")
    .split("\n")
    .map((line) => /^([\d\s]+?)\s*#\s*(.*)$/.exec(line))
    .filter((found) => found !== null)
    .map(([, sizes, from]) => ({ shape: sizes.trim().split(/\s+/).map(Number), from }));
}
