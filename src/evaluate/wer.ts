// Word errors: the fewest substitutions, insertions and deletions that turn what was said into what was recognised
// (Levenshtein's distance over words). Where several ways are equally short, the last step is taken to be an
// insertion rather than a substitution, and that rather than a deletion: with this rule, the counts published for
// LibriSpeech come out, not only their sum.

export interface WordErrors {
  /** Words of the reference. */
  words: number;
  substitutions: number;
  /** Words recognised that were not said. */
  insertions: number;
  /** Words said that were not recognised. */
  deletions: number;
}

/** Compares two texts word by word. Time and memory grow with the product of their lengths, and with one length. */
export function countWordErrors(reference: readonly string[], hypothesis: readonly string[]): WordErrors {
  // Of the best way to each prefix of the hypothesis from the words said so far: its errors, and how many are
  // deletions. The lengths then tell the rest.
  const columns = hypothesis.length + 1;
  const errors = Int32Array.from({ length: columns }, (_, inserted) => inserted);
  const deleted = new Int32Array(columns);
  for (const said of reference) {
    let [diagonal, diagonalDeleted] = [errors[0]++, deleted[0]++];
    for (let at = 1; at < columns; at++) {
      const replacing = diagonal + (said === hypothesis[at - 1] ? 0 : 1);
      const replacingDeleted = diagonalDeleted;
      [diagonal, diagonalDeleted] = [errors[at], deleted[at]];
      const inserting = errors[at - 1] + 1;
      const deleting = errors[at] + 1;
      errors[at] = Math.min(inserting, replacing, deleting);
      if (errors[at] === inserting) deleted[at] = deleted[at - 1];
      else if (errors[at] === replacing) deleted[at] = replacingDeleted;
      else deleted[at]++;
    }
  }
  const deletions = deleted[hypothesis.length];
  const insertions = hypothesis.length - reference.length + deletions;
  const substitutions = errors[hypothesis.length] - deletions - insertions;
  return { words: reference.length, substitutions, insertions, deletions };
}

export function addWordErrors(a: WordErrors, b: WordErrors): WordErrors {
  return {
    words: a.words + b.words,
    substitutions: a.substitutions + b.substitutions,
    insertions: a.insertions + b.insertions,
    deletions: a.deletions + b.deletions,
  };
}

/**
 * Word error rate in percent: (substitutions + insertions + deletions) ÷ words said. Without any words said it is 0
 * when nothing was recognised, else 100 for each word recognised.
 */
export function wordErrorRate({ words, substitutions, insertions, deletions }: WordErrors): number {
  return (100 * (substitutions + insertions + deletions)) / Math.max(1, words);
}
