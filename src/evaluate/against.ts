// Two models on the same recordings, side by side: where they do not agree.

/** What a model made of a recording. */
export interface Outcome {
  id: string;
  /** What is said in it. */
  said: string;
  heard: string;
  /** Whether that is right. */
  right: boolean;
}

export interface Disagreement {
  id: string;
  said: string;
  heard: string;
  /** What the other model heard. */
  other: string;
  /** Who is right, if anybody. */
  right: "this" | "other" | "both" | "neither";
}

/**
 * Recordings that the two heard differently, in the first one's order; what only one of them heard is left out.
 * @param same whether two hearings count as one; word for word by default
 */
export function disagreements(
  these: readonly Outcome[],
  others: readonly Outcome[],
  same: (a: string, b: string) => boolean = (a, b) => a === b,
): Disagreement[] {
  const byId = new Map(others.map((outcome) => [outcome.id, outcome]));
  return these.flatMap(({ id, said, heard, right }) => {
    const other = byId.get(id);
    if (!other || same(heard, other.heard)) return [];
    const who = right ? (other.right ? "both" : "this") : other.right ? "other" : "neither";
    return [{ id, said, heard, other: other.heard, right: who }];
  });
}
