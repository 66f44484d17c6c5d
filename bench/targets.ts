// What must hold, beside what was measured.

import { type Sheet, sheet } from "./table.ts";

export interface Target {
  readonly what: string;
  /** Whether more or less is better: "at least" or "at most". */
  readonly bound: "least" | "most";
  readonly limit: number;
  readonly found: number;
}

export const atLeast = (what: string, limit: number, found: number): Target => ({
  what,
  bound: "least",
  limit,
  found,
});
export const atMost = (what: string, limit: number, found: number): Target => ({
  what,
  bound: "most",
  limit,
  found,
});

/** A table of those that were measured; none without any. */
export function targetSheets(targets: readonly Target[]): Sheet[] {
  const measured = targets.filter(({ found }) => !Number.isNaN(found));
  if (measured.length === 0) return [];
  const holds = ({ bound, limit, found }: Target): boolean =>
    bound === "least" ? found >= limit : found <= limit;
  const number = (value: number): string => (value < 100 ? value.toFixed(2) : value.toFixed(0));
  return [
    sheet<Target>(
      [
        { title: "what must hold", cell: ({ what }) => what },
        { title: "bound", cell: ({ bound, limit }) => `${bound === "least" ? "≥" : "≤"} ${number(limit)}` },
        { title: "measured", cell: ({ found }) => number(found) },
        { title: "", words: true, cell: (target) => (holds(target) ? "holds" : "does not hold") },
      ],
      measured,
    ),
  ];
}
