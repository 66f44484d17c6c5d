// A stand-in for npm, for tests of downloads: a program named npm, first on the PATH, that does as it is told.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";

/**
 * A cache folder of its own and, as npm, a script; both go with the test.
 * @param script its text, which may depend on the cache folder
 * @returns the cache folder
 */
export function withNpm(t: TestContext, script: string | ((cache: string) => string)): string {
  const home = mkdtempSync(join(tmpdir(), "octavox-host-"));
  const bin = join(home, "bin");
  mkdirSync(bin);
  const cache = join(home, "cache");
  const text = typeof script === "string" ? script : script(cache);
  writeFileSync(join(bin, "npm"), `#!${process.execPath}\n${text}`);
  chmodSync(join(bin, "npm"), 0o755);
  const before = { PATH: process.env.PATH, OCTAVOX_HOME: process.env.OCTAVOX_HOME };
  Object.assign(process.env, { PATH: `${bin}${delimiter}${before.PATH}`, OCTAVOX_HOME: cache });
  t.after(() => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(home, { recursive: true, force: true });
  });
  return cache;
}

/** Lines of a script that puts `archive` where `npm pack` would. */
export function packs(archive: Uint8Array): string {
  return `
    const at = process.argv[process.argv.indexOf("--pack-destination") + 1];
    require("node:fs").writeFileSync(at + "/package-1.0.0.tgz", Buffer.from("${Buffer.from(archive).toString("base64")}", "base64"));`;
}

/** Every file under a folder. */
export function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** A compressed tar archive. */
export function tarball(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  return gzipSync(tar(files));
}

export function tar(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const data = Buffer.from(content as string);
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write("0000644\0", 100);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0ustar\x0000", 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
