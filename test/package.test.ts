// The package as a user gets it: packed, installed elsewhere, imported and run from the command line.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

const root = join(import.meta.dirname, "..");

const work = mkdtempSync(join(tmpdir(), "octavox-package-"));
after(() => rmSync(work, { recursive: true, force: true }));

function npm(folder: string, ...args: string[]): string {
  const quiet = ["--no-audit", "--no-fund", "--loglevel", "error"];
  return execFileSync("npm", [...args, ...quiet], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Packs the package; its archive and the paths in it. */
function pack(): { archive: string; files: string[] } {
  npm(root, "run", "build");
  const [packed] = JSON.parse(npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", work));
  return {
    archive: join(work, packed.filename),
    files: packed.files.map(({ path }: { path: string }) => path),
  };
}

/** Installs an archive in an empty project; says why not when its dependencies cannot be fetched. */
function install(archive: string): string | undefined {
  writeFileSync(join(work, "package.json"), JSON.stringify({ name: "user", type: "module", private: true }));
  try {
    npm(work, "install", archive, "--omit=dev", "--ignore-scripts", "--prefer-offline");
  } catch (error) {
    const { stderr } = error as { stderr: string };
    const code = /^npm error code (ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|ENOTCACHED)$/m.exec(
      stderr,
    );
    if (!code) throw error;
    return `npm cannot reach the registry (${code[1]})`;
  }
  return undefined;
}

const { archive, files } = pack();
const notInstalled = install(archive);

test("the package has what is needed and nothing of the workshop", () => {
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

describe("the installed package", { skip: notInstalled }, () => {
  const evaluate = (code: string): string =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: work,
      encoding: "utf8",
    }).trim();

  test("its entry points can be imported", () => {
    const names = (entry: string) =>
      evaluate(`console.log(Object.keys(await import("${entry}")).join())`).split(",");
    assert.ok(names("octavox").includes("Recognizer"));
    assert.ok(names("octavox/import").includes("readModel"));
    assert.ok(names("octavox/evaluate").includes("countWordErrors"));
    assert.ok(names("octavox/node").includes("loadRecognizer"));
  });

  test("its types serve a strict project that has no types of Node", () => {
    const code = `
      import { Recognizer, type Transcript } from "octavox";
      import { models } from "octavox/import";
      import { loadRecognizer } from "octavox/node";
      import { countWordErrors } from "octavox/evaluate";
      using recognizer: Recognizer = await loadRecognizer(models[0].name, {
        onProgress: ({ stage, done }): [string, number] => [stage, done],
      });
      const { text }: Transcript = await recognizer.transcribe(new Float32Array(16_000), { sampleRate: 16_000 });
      export const { substitutions }: { substitutions: number } = countWordErrors(["said"], text.split(" "));`;
    writeFileSync(join(work, "user.ts"), code);
    const options = "--noEmit --strict --skipLibCheck false --module nodenext --target es2022";
    const lib = "--types  --lib es2024,dom,dom.iterable,esnext.disposable";
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const args = [tsc, ...options.split(" "), ...lib.split(" "), "user.ts"];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: work, encoding: "utf8" });
    assert.deepEqual([status, stdout], [0, ""]);
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
    assert.equal(run("plot", "sine", "-o", "sine.svg").status, 0);
    const missing = run("inspect", "nothing.onnx");
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^octavox: no model "nothing.onnx"/);
  });
});
