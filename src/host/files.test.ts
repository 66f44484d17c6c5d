import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { cacheFolder } from "./cache.ts";
import { openFile, readBytes, writeAtomically } from "./files.ts";
import { readTar } from "./tar.ts";
import { filesIn, tar } from "./testing.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "octavox-files-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("bytes are written whole, over what was there, and read back", async (t) => {
  const path = join(folder(t), "deep", "down", "model.ovx");
  for (const text of ["first", "second, longer"]) {
    await writeAtomically(path, Buffer.from(text));
    assert.equal(Buffer.from(await readBytes(path)).toString(), text);
  }
  assert.deepEqual(filesIn(join(path, "..")), [path]);
});

test("reading says what is wrong with a path", async (t) => {
  const here = folder(t);
  const missing = join(here, "none.wav");
  await assert.rejects(readBytes(missing), {
    code: "not-found",
    message: `${missing}: cannot be read: found no such file. Check the path`,
  });
  await assert.rejects(readBytes(here), { code: "io", message: `${here}: not a file: found a folder` });
  await assert.rejects(openFile(here), { code: "io", message: /not a file/ });
  await assert.rejects(readBytes(missing, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

test("a file that is too large is refused before it is read", async (t) => {
  const path = join(folder(t), "endless.wav");
  writeFileSync(path, "");
  truncateSync(path, 3 * 2 ** 30);
  await assert.rejects(readBytes(path), {
    code: "unsupported",
    message: `${path}: too large a file: expected at most 2147483648 bytes, found 3221225472`,
  });
});

test("a named pipe is read to its end", {
  skip: process.platform === "win32" && "this system has no such pipes",
}, async (t) => {
  const path = join(folder(t), "pipe");
  execFileSync("mkfifo", [path]);
  const [read, writer] = [readBytes(path), createWriteStream(path)];
  writer.write("one, ");
  writer.end("two");
  assert.equal(Buffer.from(await read).toString(), "one, two");
});

test("standard input is read to its end, or until an abort, also while nothing comes", async () => {
  const code = `
    import { readBytes } from ${JSON.stringify(new URL("files.ts", import.meta.url).href)};
    const control = new AbortController();
    process.on("message", () => control.abort(new Error("enough")));
    process.send("ready");
    console.log(await readBytes("-", { signal: control.signal }).then(String, ({ message }) => message));
    process.disconnect();`;
  const start = () =>
    spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["pipe", "pipe", "inherit", "ipc"],
    });
  const [fed, left] = [start(), start()];
  fed.stdin!.end("ab");
  left.once("message", () => left.send("stop"));
  assert.deepEqual(await Promise.all([text(fed.stdout!), text(left.stdout!)]), ["97,98\n", "enough\n"]);
});

test("a file is read in parts, and noticed when it shrinks", async (t) => {
  const path = join(folder(t), "model.ovx");
  writeFileSync(path, "0123456789");
  await using file = await openFile(path);
  const part = new Uint8Array(4);
  await file.read(part, 3);
  assert.equal(Buffer.from(part).toString(), "3456");
  writeFileSync(path, "0");
  await assert.rejects(file.read(part, 3), { code: "io", message: /changed while it was read/ });
});

test("a place that cannot be written to is an error, and leaves nothing", async (t) => {
  const here = folder(t);
  writeFileSync(join(here, "file"), "");
  await assert.rejects(writeAtomically(join(here, "file", "model.ovx"), new Uint8Array(3)), { code: "io" });
  assert.deepEqual(filesIn(here), [join(here, "file")]);
});

/** Runs with a disk of 64 kB at a folder. */
async function onSmallDisk(
  t: TestContext,
  use: (at: string, remount: (how: string) => void) => Promise<void>,
) {
  const here = folder(t);
  const mount = (how: string) =>
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=64k,${how}`, "tmpfs", here], { stdio: "ignore" });
  try {
    mount("rw");
  } catch {
    return t.skip("a small disk can be mounted by root on Linux only");
  }
  try {
    await use(here, (how) => mount(`remount,${how}`));
  } finally {
    execFileSync("umount", [here]);
  }
}

test("a full disk is an error that says what to do, and leaves nothing", (t) =>
  onSmallDisk(t, async (here) => {
    const path = join(here, "model.ovx");
    await writeAtomically(path, new Uint8Array(1000));
    await assert.rejects(writeAtomically(path, new Uint8Array(1 << 20)), {
      code: "io",
      message: /model\.ovx: cannot be written: found a full disk\. .*OCTAVOX_HOME/,
    });
    assert.deepEqual(filesIn(here), [path]);
    assert.equal(readFileSync(path).length, 1000);
  }));

test("a read-only disk is an error that says what to do, in new folders too", (t) =>
  onSmallDisk(t, async (here, remount) => {
    remount("ro");
    for (const path of [join(here, "model.ovx"), join(here, "deep", "down", "model.ovx")])
      await assert.rejects(writeAtomically(path, new Uint8Array(1)), {
        code: "io",
        message: /model\.ovx: cannot be written: found a read-only file system\. .*OCTAVOX_HOME/,
      });
  }));

test("the cache folder is OCTAVOX_HOME, or the platform's", () => {
  assert.equal(cacheFolder({ OCTAVOX_HOME: "/a" }, "linux"), "/a");
  assert.equal(cacheFolder({ OCTAVOX_HOME: "a" }, "linux"), resolve("a"));
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/b" }, "linux"), join("/b", "octavox"));
  for (const environment of [{}, { XDG_CACHE_HOME: "relative" }])
    assert.match(cacheFolder(environment, "linux"), /\.cache.octavox$/);
  assert.match(cacheFolder({}, "darwin"), /Library.Caches.octavox$/);
  assert.equal(cacheFolder({ LOCALAPPDATA: "/c" }, "win32"), join("/c", "octavox", "Cache"));
});

test("wanted files come out of an archive, and damage is noticed", () => {
  const archive = tar({ "package/a": "one", "package/b/c": "x".repeat(600), "package/d": "" });
  const found = readTar(archive, ["package/b/c", "package/d"], "x.tgz");
  assert.deepEqual(
    [...found].map(([path, bytes]) => [path, bytes.length]),
    [
      ["package/b/c", 600],
      ["package/d", 0],
    ],
  );
  const read =
    (bytes: Uint8Array, wanted = "package/b/c") =>
    () =>
      readTar(bytes, [wanted], "x.tgz");
  assert.throws(read(archive, "package/e"), {
    code: "format",
    message: /^x\.tgz: archive: expected package\/e/,
  });
  assert.throws(read(archive.subarray(0, 1600)), {
    code: "format",
    message: /\(byte 1024\).*middle of a file/,
  });
  const damaged = archive.with(3, 99);
  assert.throws(read(damaged), { code: "format", message: /checksum/ });
});
