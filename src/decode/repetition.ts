// A guard against loops: a greedy decoder that has lost its way says the same few tokens for ever. People repeat
// themselves too ("no no no no"), so the guard waits for more than anyone says, the longer for shorter phrases.

/** The longest phrase that counts as a loop, in tokens. */
const LONGEST_PHRASE = 12;

/** How often a phrase of n tokens must stand in a row: 10 times for one token, 4 for the longest. */
const enough = (length: number): number => Math.max(4, Math.ceil(10 / Math.sqrt(length)));

/**
 * How many tokens to drop from the end when it has become a loop: all but the first of the repeated phrase; 0 when
 * it has not. Meant to be asked after every token, it looks at the end only.
 */
export function repeats(tokens: readonly number[]): number {
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    const count = countAtEnd(tokens, length);
    if (count >= enough(length)) return (count - 1) * length;
  }
  return 0;
}

/** How often the last `length` tokens stand in a row at the end. */
function countAtEnd(tokens: readonly number[], length: number): number {
  const end = tokens.length;
  let same = 0;
  while (end - length - same - 1 >= 0 && tokens[end - 1 - same] === tokens[end - 1 - same - length]) same++;
  return 1 + Math.floor(same / length);
}
