// Builds the package into dist/: the sources without their types and without tests, and declarations. The charts
// take their libraries in, so that those who never draw one do not install them.
//   npm run build

import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const charts = join(root, "dist/charts");

rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = join(root, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });

for (const path of globSync(["*.js", "svg.d.ts"], { cwd: charts })) rmSync(join(charts, path));
const { metafile } = await build({
  entryPoints: [join(root, "src/charts/index.ts")],
  outfile: join(charts, "index.js"),
  ...{ bundle: true, minify: true, format: "esm", platform: "node", target: "node22", metafile: true },
  // linkedom's optional canvas is for pictures, which charts have none of.
  external: ["canvas"],
  absWorkingDir: root,
});
writeFileSync(join(charts, "LICENSES.txt"), licences(Object.keys(metafile.inputs)).join("\n\n---\n\n"));

/** The licence of every package that a bundle has something of. */
function licences(inputs: readonly string[]): string[] {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  return [...folders].sort().map((folder) => {
    const [file] = globSync("{LICENSE,LICENCE,license}*", { cwd: join(root, folder) });
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : `${license}`;
    return `${name} ${version}\n\n${text}`;
  });
}
