// From the published files of a listed model to the bytes of its packed file.

import { OctavoxError } from "../errors.ts";
import type { ListedModel } from "../model/list.ts";
import { writeOvx } from "../model/ovx.ts";
import { packModel } from "./pack.ts";

/**
 * @param files the published files by the names in `model.source.files`
 * @returns a packed model (`.ovx`)
 * @throws OctavoxError `format` when the files are not what the list says
 */
export function convertListed(
  model: ListedModel,
  files: Readonly<Record<string, Uint8Array>>,
  onProgress?: (progress: { done: number; total: number; name: string }) => void,
): Uint8Array {
  const { name, licence, source, recipe, recognizer } = model;
  const metadata = {
    name,
    licence,
    source: source.package,
    recognizer,
    vocabulary: readVocabulary(model, files[model.vocabulary.file]),
  };
  const graphFiles = Object.fromEntries(recipe.graphs.map(({ file }) => [file, files[file]]));
  return writeOvx(packModel(recipe, graphFiles, metadata, onProgress));
}

/** The pieces of the vocabulary, in the order of their tokens. */
function readVocabulary({ vocabulary, source }: ListedModel, script: Uint8Array): string[] {
  const { file, begins, size } = vocabulary;
  const text = new TextDecoder().decode(script);
  const start = text.indexOf(`"${begins}`) + 1;
  const end = start === 0 ? start : text.indexOf('"', start);
  const pieces = decodeBase64(text.slice(start, end)).split("\n");
  if (pieces.at(-1) === "") pieces.pop();
  if (pieces.length !== size)
    throw new OctavoxError("format", "no vocabulary where the list of models says", {
      file: source.files[file],
      expected: `${size} pieces`,
      found: pieces.length === 0 ? "none" : `${pieces.length}`,
    });
  return pieces;
}

/** The text that is written so; nothing where it is not base64. */
function decodeBase64(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return "";
  }
}
