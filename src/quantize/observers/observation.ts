// What calibration keeps of a value: a histogram and averages over clips. Observers choose a range from it
// afterwards, so that one walk over the clips serves them all.

import { OctavoxError } from "../../errors.ts";
import type { Range } from "../grid.ts";
import { Histogram } from "./histogram.ts";

/** How much of a moving average a new clip is. */
const NEW_SHARE = 0.1;

export class Observation {
  /** The value's name in its graph. */
  readonly name: string;
  readonly histogram = new Histogram();
  /** Moving averages of the clips' least and greatest numbers. */
  average: Range | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Takes in the value that one clip gave.
   * @throws OctavoxError `argument` where numbers are not finite: no grid has them
   */
  add(values: ArrayLike<number>): void {
    const strange = this.histogram.add(values);
    if (strange > 0)
      throw new OctavoxError("argument", `the value "${this.name}"`, {
        expected: "finite numbers",
        found: `${strange} others among ${values.length}`,
        remedy: "The float model itself does not compute numbers from this clip",
      });
    if (values.length === 0) return;
    let [min, max] = [values[0], values[0]];
    for (let i = 1; i < values.length; i++) {
      min = Math.min(min, values[i]);
      max = Math.max(max, values[i]);
    }
    const { average } = this;
    const towards = (old: number, now: number): number => old + NEW_SHARE * (now - old);
    this.average = average
      ? { min: towards(average.min, min), max: towards(average.max, max) }
      : { min, max };
  }

  /** The share of numbers outside a range. */
  outside({ min, max }: Range): number {
    const { histogram } = this;
    if (histogram.total === 0) return 0;
    let count = 0;
    for (const bin of histogram.bins()) if (bin.middle < min || bin.middle > max) count += bin.count;
    return count / histogram.total;
  }
}
