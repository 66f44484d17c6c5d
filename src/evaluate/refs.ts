// `refs.tsv`: what is said in each recording of a folder, a line each: name of the recording, tab, text.

import { OctavoxError } from "../errors.ts";

export interface Reference {
  /** The recording's file name without its extension. */
  id: string;
  text: string;
}

/** @throws OctavoxError `format` for lines without a tab, names that come twice, and an empty list */
export function readRefs(content: string, file = "refs.tsv"): Reference[] {
  const lines = content.replace(/^\uFEFF/, "").split(/\r?\n/);
  const seen = new Set<string>();
  const refs = lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const tab = line.indexOf("\t");
    const id = line.slice(0, Math.max(0, tab)).trim();
    const wrong = (expected: string): OctavoxError =>
      new OctavoxError("format", `line ${index + 1}`, {
        file,
        expected,
        found: JSON.stringify(line.slice(0, 60)),
      });
    if (id === "") throw wrong("the recording's name, a tab and what is said");
    if (seen.has(id)) throw wrong("each recording once");
    seen.add(id);
    return [{ id, text: line.slice(tab + 1).trim() }];
  });
  if (refs.length === 0)
    throw new OctavoxError("format", "no references", {
      file,
      expected: "a line for each recording",
      found: "none",
    });
  return refs;
}
