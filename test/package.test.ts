// The package as a user gets it: packed, installed elsewhere, imported and run from the command line.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

const root = join(import.meta.dirname, "..");

function npm(folder: string, ...args: string[]): string {
  const quiet = ["--no-audit", "--no-fund", "--loglevel", "error"];
  return execFileSync("npm", [...args, ...quiet], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
}

describe("the packed package", () => {
  let work: string;
  let files: string[];

  before(() => {
    work = mkdtempSync(join(tmpdir(), "octavox-package-"));
    npm(root, "run", "build");
    const [packed] = JSON.parse(npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", work));
    files = packed.files.map(({ path }: { path: string }) => path);
    writeFileSync(
      join(work, "package.json"),
      JSON.stringify({ name: "user", type: "module", private: true }),
    );
    npm(work, "install", join(work, packed.filename), "--omit=dev", "--prefer-offline");
  });

  after(() => rmSync(work, { recursive: true, force: true }));

  const evaluate = (code: string): string =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: work,
      encoding: "utf8",
    }).trim();

  test("it has what is needed and nothing of the workshop", () => {
    const wanted = [
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "bin/octavox.js",
      "dist/index.js",
      "dist/index.d.ts",
    ];
    assert.deepEqual(
      wanted.filter((path) => !files.includes(path)),
      [],
    );
    assert.deepEqual(
      files.filter((path) => /test|(?<!\.d)\.ts$|^(src|samples|bench|scripts)\//.test(path)),
      [],
    );
  });

  test("its entry points can be imported", () => {
    const names = (entry: string) =>
      evaluate(`console.log(Object.keys(await import("${entry}")).join())`).split(",");
    assert.ok(names("octavox").includes("Recognizer"));
    assert.ok(names("octavox/import").includes("readModel"));
    assert.ok(names("octavox/evaluate").includes("countWordErrors"));
    assert.ok(names("octavox/node").includes("loadRecognizer"));
  });

  test("a model is written and run", () => {
    const graph = `{ name: "g", inputs: [{ name: "x", dtype: "float32", dims: ["n"] }],
      outputs: [{ name: "y", dtype: "float32", dims: ["n"] }],
      nodes: [{ name: "t", op: "Relu", inputs: ["x"], outputs: ["y"], attributes: {} }], constants: new Map() }`;
    const code = `
      import { InferenceSession, Tensor } from "octavox";
      import { writeOvx } from "octavox/import";
      using session = await InferenceSession.create(writeOvx({ graphs: [${graph}], opset: 17, metadata: {} }));
      const { y } = await session.run({ x: new Tensor("float32", [-1, 2]) });
      console.log([...y.data].join());`;
    assert.equal(evaluate(code), "0,2");
  });

  test("its command line runs", () => {
    const command = join(work, "node_modules/.bin/octavox");
    assert.ok(existsSync(command));
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [command, ...args], { cwd: work, encoding: "utf8" });
    assert.match(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match(run("--help").stdout, /transcribe/);
    const missing = run("inspect", "nothing.onnx");
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^octavox: no model "nothing.onnx"/);
  });
});
