// The microphone, through whichever recording program of the system is there.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";
import { OctavoxError } from "../errors.ts";

/** How each program is asked for 16-bit mono samples without a header on its standard output. */
const recorders = {
  arecord: (rate: number) => `-q -t raw -f S16_LE -c 1 -r ${rate}`,
  rec: (rate: number) => `-q -t raw -e signed-integer -b 16 -L -c 1 -r ${rate} -`,
  sox: (rate: number) => `-q -d -t raw -e signed-integer -b 16 -L -c 1 -r ${rate} -`,
  parec: (rate: number) => `--raw --format=s16le --channels=1 --rate=${rate}`,
} as const;

export type RecorderName = keyof typeof recorders;

/** In the order in which they are looked for. */
export const recorderNames = Object.keys(recorders) as RecorderName[];

export interface Recording {
  /** The program at work. */
  recorder: RecorderName;
  /** 16-bit little-endian mono samples as they come; ends with the signal, or when the program ends. */
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * Starts to record.
 * @param recorder the program; by default the first that is found
 * @throws OctavoxError `host` when no program is found, and from `bytes` when it fails
 */
export async function record(
  sampleRate: number,
  { recorder, signal }: { recorder?: RecorderName | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Recording> {
  const wanted = recorder ? [recorder] : recorderNames;
  for (const name of wanted) {
    const path = await find(name);
    if (path === undefined) continue;
    const child = spawn(path, recorders[name](sampleRate).split(" "), { stdio: ["ignore", "pipe", "pipe"] });
    return { recorder: name, bytes: output(child, name, signal) };
  }
  throw new OctavoxError("host", "no program to record with", {
    expected: `${wanted.join(", ")} on the PATH`,
    found: "none",
    remedy: "Install alsa-utils, sox or pulseaudio-utils; or pipe samples into `octavox spot MODEL -`",
  });
}

async function find(name: string): Promise<string | undefined> {
  const extensions = process.platform === "win32" ? [".exe"] : [""];
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(Boolean))
    for (const extension of extensions) {
      const path = join(folder, name + extension);
      const runs = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runs) return path;
    }
  return undefined;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

async function* output(
  child: Child,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let said = "";
  child.stderr.on("data", (part) => {
    said = `${said}${part}`.slice(-1000);
  });
  const ended = new Promise<unknown>((resolve) => child.once("error", resolve).once("close", resolve));
  const stop = (): unknown => child.kill();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    yield* child.stdout;
    const status = await ended;
    // An interrupt from the keyboard ends the program too, maybe before it is heard here.
    if (status === 0 || status === null || signal?.aborted) return;
    throw new OctavoxError("host", `${name} cannot record`, {
      found: said.trim().split("\n").at(-1) || `exit status ${status}`,
      remedy: `Is there a microphone? \`--recorder\` names another of ${recorderNames.join(", ")}`,
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}
