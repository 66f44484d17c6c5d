// Observers: ways of choosing the range of a grid from what calibration saw. Narrower ranges have finer steps, and
// saturate what lies outside: each observer has its own idea of the bargain.

import { OctavoxError } from "../../errors.ts";
import { gridFor, type IntegerFormat, onGrid, type Range } from "../grid.ts";
import { entropyLoss } from "./entropy.ts";
import type { Observation } from "./observation.ts";

export { Observation } from "./observation.ts";

/** Chooses the range for a format; where it matters, knowing whether the value is the graph's input. */
export type Observer = (seen: Observation, format: IntegerFormat, isInput?: boolean) => Range;

/** Everything that was seen: nothing saturates. */
const minMax: Observer = ({ histogram: { total, min, max } }) =>
  total === 0 ? { min: 0, max: 0 } : { min, max };

/** Ends of the clips' ranges on average: one loud clip does not decide. */
const average: Observer = ({ average: ends }) => ends ?? { min: 0, max: 0 };

/** Leaves out (100 − percent)/2 % at each end; an end at 0 is not one. */
const percentile =
  (percent: number): Observer =>
  (seen, format) => {
    const { histogram } = seen;
    const whole = minMax(seen, format);
    const sides = Number(whole.min < 0) + Number(whole.max > 0);
    const most = (histogram.total * (1 - percent / 100)) / Math.max(1, sides);
    const bins = [...histogram.bins()];
    return {
      min: whole.min < 0 ? endWithin(bins, most, (bin) => bin.low) : whole.min,
      max: whole.max > 0 ? endWithin(bins.reverse(), most, (bin) => bin.high) : whole.max,
    };
  };

type Bin = { low: number; high: number; count: number };

/** Where at most so many numbers lie beyond, counted from the first bin on. */
function endWithin(bins: readonly Bin[], most: number, end: (bin: Bin) => number): number {
  let beyond = 0;
  for (const bin of bins) {
    beyond += bin.count;
    if (beyond > most) return end(bin);
  }
  return 0;
}

/** With more bits than this, bins are no finer than steps, and saturating gains nothing. */
const MOST_SEARCHED_BITS = 10;
const TRIALS = 32;
const NARROWEST = 0.05;

/** The least expected loss, found by drawing in one end after the other. */
const searched =
  (loss: (seen: Observation, range: Range, format: IntegerFormat) => number): Observer =>
  (seen, format) => {
    let best = minMax(seen, format);
    if (format.bits > MOST_SEARCHED_BITS || seen.histogram.total === seen.histogram.zeros) return best;
    let least = loss(seen, best, format);
    for (let round = 0; round < 2; round++)
      for (const end of ["min", "max"] as const) {
        const from = best;
        for (let trial = 1; trial < TRIALS; trial++) {
          const share = 1 - ((1 - NARROWEST) * trial) / TRIALS;
          const range = { ...from, [end]: from[end] * share };
          const found = loss(seen, range, format);
          if (found < least) [least, best] = [found, range];
        }
      }
    return best;
  };

/** Σ (x − x̂)² over the histogram. */
function squaredError({ histogram }: Observation, range: Range, format: IntegerFormat): number {
  const grid = gridFor(range, format);
  let sum = 0;
  for (const { middle, count } of histogram.bins()) sum += count * (middle - onGrid(grid, middle)) ** 2;
  return sum;
}

/** From so many bits on, one of them is spent on values up to twice as large as any that were seen. */
const ROOMY_BITS = 12;

const withHeadroom = ({ min, max }: Range, { bits }: IntegerFormat): Range =>
  bits >= ROOMY_BITS ? { min: 2 * min, max: 2 * max } : { min, max };

/**
 * By where the value is. Features have rare ends that tell little (the logarithm of silence is far below everything
 * else) and would take most of the steps: of the graph's input, what its distribution tells counts. Further in, only
 * the rarest numbers are cut off. With more bits there are steps enough for all that was seen, and for what was not.
 */
const auto: Observer = (seen, format, isInput) => {
  if (format.bits > 8) return withHeadroom(minMax(seen, format), format);
  return (isInput ? searched(entropyLoss) : percentile(99.99))(seen, format);
};

const table = {
  auto,
  minmax: minMax,
  average,
  percentile: percentile(99.99),
  mse: searched(squaredError),
  entropy: searched(entropyLoss),
} as const satisfies Readonly<Record<string, Observer>>;

export type ObserverName = keyof typeof table | `percentile${number}`;

export const observerNames = Object.keys(table);

/**
 * @param name one of `observerNames`, or "percentile" with the percentage, as percentile99.9
 * @throws OctavoxError `argument` for another name
 */
export function observerNamed(name: string): Observer {
  if (Object.hasOwn(table, name)) return table[name as keyof typeof table];
  const percent = Number(/^percentile(\d+(?:\.\d+)?)$/.exec(name)?.[1]);
  if (percent > 50 && percent <= 100) return percentile(percent);
  throw new OctavoxError("argument", `the observer "${name}"`, {
    expected: `one of ${observerNames.join(", ")}, or percentile with 50 to 100, as percentile99.9`,
  });
}
