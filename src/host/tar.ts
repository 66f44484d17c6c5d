// Reads files out of a tar archive, as npm packs them (POSIX ustar; names in extended headers are not used by what
// the list of models takes from archives).

import { OctavoxError } from "../errors.ts";

const BLOCK = 512;

/**
 * @param archive the archive without compression
 * @param wanted paths of the files to take
 * @returns views of the archive by path
 * @throws OctavoxError `format` for a damaged archive, or when a wanted file is not in it
 */
export function readTar(
  archive: Uint8Array,
  wanted: readonly string[],
  file: string,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let at = 0;
  while (at + BLOCK <= archive.length && archive[at] !== 0) {
    const header = archive.subarray(at, at + BLOCK);
    const size = octal(header.subarray(124, 136));
    if (size === undefined || octal(header.subarray(148, 156)) !== checksum(header))
      throw damaged(file, at, "the checksum of a file's header does not match");
    const start = at + BLOCK;
    if (start + size > archive.length) throw damaged(file, at, "it ends in the middle of a file");
    const prefix = text(header.subarray(345, 500));
    const path = (prefix && `${prefix}/`) + text(header.subarray(0, 100));
    if (wanted.includes(path)) found.set(path, archive.subarray(start, start + size));
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  const missing = wanted.filter((path) => !found.has(path));
  if (missing.length > 0)
    throw new OctavoxError("format", "archive", {
      file,
      expected: missing.join(", "),
      found: "no such file in it",
    });
  return found;
}

function damaged(file: string, offset: number, found: string): OctavoxError {
  return new OctavoxError("format", "damaged archive", { file, offset, found });
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function octal(bytes: Uint8Array): number | undefined {
  const digits = text(bytes).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Sum of the header's bytes, its own checksum taken as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}
