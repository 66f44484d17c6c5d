// Folders of recordings are named by what is said in them; a model has labels. Which is which.

import { OctavoxError } from "../errors.ts";
import { UNKNOWN } from "../speech/labels.ts";

export interface LabelNames {
  /** Folder → label, of those that count. */
  labels: ReadonlyMap<string, string>;
  /** Folders of words that the model has no label for, counted as `_unknown_`. */
  asUnknown: readonly string[];
  /** Folders left out. */
  ignored: readonly string[];
}

/** Not a word: `_background_noise_` is no example of an unknown one. */
const special = /^_.*_$/;

/**
 * A folder has the label of its name. Other words are `_unknown_` where the model has that label.
 * @param ignoreUnknown leaves out folders that have no label; else they are an error
 * @throws OctavoxError `argument` that names the folders without a label
 */
export function matchLabels(
  folders: readonly string[],
  labels: readonly string[],
  {
    ignoreUnknown = false,
    dataset,
  }: { ignoreUnknown?: boolean | undefined; dataset?: string | undefined } = {},
): LabelNames {
  const others = folders.filter((folder) => !labels.includes(folder));
  const isUnknown = (folder: string): boolean => labels.includes(UNKNOWN) && !special.test(folder);
  const asUnknown = others.filter(isUnknown);
  const ignored = others.filter((folder) => !isUnknown(folder));
  if (ignored.length > 0 && !ignoreUnknown)
    throw new OctavoxError("argument", "labels that the model does not know", {
      file: dataset,
      expected: labels.join(", "),
      found: ignored.join(", "),
      remedy: "--ignore-unknown leaves these folders out",
    });
  const counted = folders.filter((folder) => !ignored.includes(folder));
  return {
    labels: new Map(counted.map((folder) => [folder, labels.includes(folder) ? folder : UNKNOWN])),
    asUnknown,
    ignored,
  };
}
