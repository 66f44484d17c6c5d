// gemmlowp as a contestant: compiled from Debian's libgemmlowp-dev where a compiler and its headers are found, and
// asked over pipes. One thread, AVX2, timed inside its process.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contestant } from "../contest/contest.ts";
import { families } from "../kernels/families.ts";
import type { Shape } from "../kernels/family.ts";
import { createRandom, seedOf } from "../kernels/random.ts";

const HEADERS = "/usr/include/gemmlowp";
// Not for the host's own instruction set: wider vectors than its kernels use make the rest of it slower.
const flags = ["-O3", "-std=c++17", "-mavx2", "-DGEMMLOWP_ENABLE_AVX2", `-I${HEADERS}`, "-w", "-lpthread"];
const WARM_CALLS = 20;

/** Undefined, with the reason said, where it cannot be built. */
export function startGemmlowp(note: (text: string) => void): Contestant | undefined {
  if (!existsSync(HEADERS) || process.arch !== "x64") {
    note("gemmlowp is left out: no /usr/include/gemmlowp (Debian's libgemmlowp-dev), or not x86-64");
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "octavox-gemmlowp-"));
  const program = join(folder, "product");
  try {
    execFileSync("g++", [join(import.meta.dirname, "product.cc"), "-o", program, ...flags], {
      stdio: "pipe",
    });
  } catch (error) {
    rmSync(folder, { recursive: true });
    note(`gemmlowp is left out: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  }
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const read = reader(child.stdout);
  let rate = 1;

  async function prepare([m, n, k]: Shape): Promise<Int32Array> {
    const { a, b } = families.u8s8.operands([m, n, k], createRandom(seedOf([m, n, k])));
    child.stdin.write(`prepare ${m} ${n} ${k}\n`);
    child.stdin.write(a as Uint8Array);
    child.stdin.write(new Uint8Array(b.buffer));
    const result = new Int32Array(
      new Uint8Array(await read((bytes) => bytes >= 4 * m * n && 4 * m * n)).buffer,
    );
    rate = 1 / (await time(WARM_CALLS));
    return result;
  }

  /** Milliseconds a call. */
  async function time(calls: number): Promise<number> {
    child.stdin.write(`time ${calls}\n`);
    const line = await read((_, text) => text.indexOf(10) + 1);
    return Number(new TextDecoder().decode(line)) / 1e6 / calls;
  }

  return {
    name: "gemmlowp AVX2",
    async ask(request) {
      if ("time" in request) {
        const milliseconds = await time(Math.max(1, Math.round(request.time * rate)));
        rate = 1 / milliseconds;
        return { milliseconds, limit: undefined };
      }
      const { family, shape } = request.prepare;
      if (family !== "u8s8") return { result: undefined, skipped: true };
      return { result: await prepare(shape), skipped: false };
    },
    end() {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits until `complete` says how many of the bytes so far make an answer (0 or false: not yet), and takes them. */
function reader(stream: NodeJS.ReadableStream) {
  let [bytes, wake, ended] = [Buffer.alloc(0), () => {}, false];
  stream.on("end", () => {
    ended = true;
    wake();
  });
  stream.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    wake();
  });
  return async (complete: (count: number, bytes: Buffer) => number | false): Promise<Buffer> => {
    for (;;) {
      const count = complete(bytes.length, bytes);
      if (count) {
        const taken = Buffer.from(bytes.subarray(0, count));
        bytes = bytes.subarray(count);
        return taken;
      }
      if (ended) throw new Error("gemmlowp left");
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}
