// The words that count: recognisers write punctuation, capitals and "Mr.", references do not. Both are brought to
// one form before they are compared. (docs/evaluation.md)

/** Abbreviations that a reference writes out. */
const writtenOut: Readonly<Record<string, string>> = { mr: "mister", mrs: "missus", dr: "doctor" };

/** Lower case; whatever is not a–z, 0–9 or an apostrophe parts words; abbreviations written out. */
export function words(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9' ]/g, " ")
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => (Object.hasOwn(writtenOut, word) ? writtenOut[word] : word));
}
