// Runs `npm pack` as the user has set npm up: registry, proxy and credentials are theirs. What npm says when it
// fails becomes an error that says what to do.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { OctavoxError } from "../errors.ts";

const windows = process.platform === "win32";

/**
 * Puts the archive of a published package into a folder. npm's own cache is put there too: what has come so far can
 * be seen in it, and it goes with the folder. npm has ended when the promise settles, also after an abort.
 * @param spec package with its version
 * @throws OctavoxError `io` when npm is missing or cannot get it; the system's error when the disk is full
 */
export async function npmPack(spec: string, folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = start([
    ...["pack", spec, "--ignore-scripts", "--pack-destination", folder, "--cache", join(folder, "npm")],
    // Two more attempts, after 1 s and 10 s: npm's own pauses leave a user without a connection alone for a minute.
    ...["--fetch-retries", "2", "--fetch-retry-mintimeout", "1000", "--fetch-retry-maxtimeout", "10000"],
    ...["--no-update-notifier", "--loglevel", "error"],
  ]);
  const onAbort = (): void => end(child);
  signal.addEventListener("abort", onAbort);
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  try {
    const status = await new Promise<number | null>((resolve, reject) =>
      child.on("error", reject).on("close", resolve),
    );
    signal.throwIfAborted();
    if (status !== 0) throw refused(spec, complaint, status);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall?.startsWith("spawn") ? notStarted(spec, error) : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** On Windows npm is a script, which only a shell can run; a shell wants its arguments quoted. */
function start(args: readonly string[]): ChildProcess {
  const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];
  if (!windows) return spawn("npm", args, { stdio });
  return spawn(["npm", ...args.map((argument) => `"${argument}"`)].join(" "), { stdio, shell: true });
}

/** With the shell that may stand between, and without waiting for what others write to its standard error. */
function end(child: ChildProcess): void {
  if (windows) spawnSync("taskkill", ["/pid", `${child.pid}`, "/t", "/f"], { stdio: "ignore" });
  else child.kill();
  child.stderr?.destroy();
}

function notStarted(spec: string, cause: unknown): OctavoxError {
  const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new OctavoxError("io", `downloading ${spec}`, {
    expected: "npm",
    found: missing ? "npm is not installed" : (cause as Error).message,
    remedy: "npm comes with Node: install it, or put it on the PATH",
    cause,
  });
}

/** Failures of the folder, not of the network: they go up as the system's own errors do. */
const ofTheDisk = ["ENOSPC", "EDQUOT", "EROFS"];

/** npm's own reason, without its prefix, codes and the place of its log. */
function refused(spec: string, complaint: string, status: number | null): Error {
  const lines = Array.from(complaint.matchAll(/^npm (?:error|ERR!) (\S.*)$/gm), ([, line]) => line);
  const code = lines.find((line) => line.startsWith("code "))?.slice("code ".length);
  if (code && ofTheDisk.includes(code)) return Object.assign(new Error(complaint), { code });
  const reason = lines.find((line) => !/^(code|errno|syscall|A complete log)\b/.test(line));
  return new OctavoxError("io", `downloading ${spec}`, {
    expected: "the package's archive",
    found: reason?.trim() ?? `npm left with status ${status}`,
    remedy: `Check the connection and npm's settings: \`npm view ${spec}\` should work. Nothing was kept; try again`,
  });
}
