// The run-time stays small: what a page loads to run a model whose operators the kernels cover.

import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
/** Bytes, minified and compressed. */
const MOST = 60_000;

test(`the run-time entry, bundled and compressed, has at most ${MOST} bytes`, async (t) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, "src/index.ts")],
    ...{ bundle: true, splitting: true, minify: true, format: "esm", platform: "browser", target: "es2022" },
    ...{ outdir: join(root, "out"), write: false, metafile: true, absWorkingDir: root },
  });
  const outputs = Object.entries(metafile.outputs);
  const bytes = new Map(
    outputFiles.map(({ path, contents }) => [relative(root, path), gzipSync(contents, { level: 9 }).length]),
  );
  const sum = (paths: Iterable<string>) => [...paths].reduce((total, path) => total + bytes.get(path)!, 0);

  /** What is loaded with a file, before anything asks for more. */
  const loadedWith = (path: string, seen = new Set<string>()): Set<string> => {
    seen.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (kind === "import-statement" && !seen.has(next)) loadedWith(next, seen);
    return seen;
  };
  const [entry] = outputs.find(([, { entryPoint }]) => entryPoint === "src/index.ts")!;
  const loaded = loadedWith(entry);
  const later = [...bytes.keys()].filter((path) => !loaded.has(path));
  t.diagnostic(`${sum(loaded)} bytes at once, ${sum(later)} when a sound file or a rarer operator turns up`);
  assert.ok(sum(loaded) <= MOST, `${sum(loaded)} bytes`);
});
