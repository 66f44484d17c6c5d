import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { downloadPackage } from "./download.ts";
import { filesIn, packs, tarball, withNpm } from "./testing.ts";

const archive = tarball({ "package/model.bin": "weights" });
const source = {
  package: "some-model@1.0.0",
  integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
  bytes: archive.length,
  files: {},
};

test("the archive comes as published, with progress, and nothing stays behind", async (t) => {
  const cache = withNpm(t, packs(archive));
  const steps: number[] = [];
  const found = await downloadPackage(source, cache, { onProgress: (done) => steps.push(done) });
  assert.deepEqual([...found], [...archive]);
  assert.deepEqual([steps[0], steps.at(-1)], [0, archive.length]);
  assert.deepEqual(filesIn(cache), []);
});

const failures: readonly { what: string; script: string; message: RegExp }[] = [
  {
    what: "an archive that is cut short",
    script: packs(archive.subarray(0, 60)),
    message:
      /^downloading some-model@1.0.0: expected sha512-.*found sha512-.* \(60 bytes\).*Nothing was kept/,
  },
  {
    what: "an archive of something else",
    script: packs(tarball({ "package/other.bin": "other" })),
    message: /expected sha512-/,
  },
  {
    what: "npm's own complaint",
    script: `console.error("npm error code E404\\nnpm error 404 Not Found - some-model\\nnpm error A complete log"); process.exit(1);`,
    message: /found 404 Not Found - some-model\. Check the connection.*npm view some-model@1.0.0/,
  },
  {
    what: "an older npm's complaint",
    script: `console.error("npm ERR! code ENOTFOUND\\nnpm ERR! syscall getaddrinfo\\nnpm ERR! no network"); process.exit(1);`,
    message: /found no network\. Check the connection/,
  },
  {
    what: "a disk that fills up under npm",
    script: `console.error("npm error code ENOSPC\\nnpm error nospc ENOSPC: no space left on device"); process.exit(228);`,
    message: /downloads: cannot be written: found a full disk\. Free some space.*OCTAVOX_HOME/,
  },
  { what: "npm leaving without a word", script: "process.exit(3);", message: /npm left with status 3/ },
  { what: "npm leaving without an archive", script: "", message: /found no archive/ },
];

for (const { what, script, message } of failures)
  test(`${what} is an error that says what to do, and leaves nothing behind`, async (t) => {
    const cache = withNpm(t, script);
    await assert.rejects(downloadPackage(source, join(cache, "downloads")), { code: "io", message });
    assert.deepEqual(filesIn(cache), []);
  });

test("without npm it says so", async (t) => {
  const cache = withNpm(t, "");
  process.env.PATH = "/nowhere";
  await assert.rejects(downloadPackage(source, cache), { code: "io", message: /npm is not installed/ });
});

/** A script that puts down a part, then its process id, and goes on for ever. */
const endless = (cache: string): string =>
  `${packs(archive.subarray(0, 60))}
  require("node:fs").writeFileSync(${JSON.stringify(`${cache}.pid`)}, String(process.pid));
  setInterval(() => {}, 1000);`;

const interruptions: readonly { what: string; onProgress(control: AbortController): void }[] = [
  { what: "an abort", onProgress: (control) => control.abort(new Error("enough")) },
  {
    what: "an error of who watches",
    onProgress() {
      throw new Error("enough");
    },
  },
];

for (const { what, onProgress } of interruptions)
  test(`${what} ends npm and takes away what had come`, async (t) => {
    const cache = withNpm(t, endless);
    const control = new AbortController();
    const run = downloadPackage(source, cache, {
      signal: control.signal,
      onProgress: (done) => done > 0 && existsSync(`${cache}.pid`) && onProgress(control),
    });
    await assert.rejects(run, /^Error: enough$/);
    assert.deepEqual(filesIn(cache), []);
    const npm = Number(readFileSync(`${cache}.pid`, "utf8"));
    assert.throws(() => process.kill(npm, 0), { code: "ESRCH" });
  });

test("an abort beforehand starts nothing", async (t) => {
  const cache = withNpm(t, packs(archive));
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(downloadPackage(source, cache, { signal }), /^Error: enough$/);
  assert.equal(existsSync(cache), false);
});

test("what a killed download left is swept away after a day", async (t) => {
  const cache = withNpm(t, packs(archive));
  for (const name of ["download-old", "download-new"]) {
    mkdirSync(join(cache, name), { recursive: true });
    writeFileSync(join(cache, name, "part"), "x");
  }
  utimesSync(join(cache, "download-old"), 0, 0);
  await downloadPackage(source, cache);
  assert.deepEqual(filesIn(cache), [join(cache, "download-new", "part")]);
});
