// The run-time in a real browser, on pages with a strict policy: the same bits as in Node. One page is not isolated
// from other origins and has one thread; on the other one there are several.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { type Bits, bitsOf } from "./browser/bits.ts";
import { cases } from "./browser/cases.ts";
import { featureBits } from "./browser/features.ts";

const executable = process.env.CHROME_PATH ?? which("chromium") ?? which("google-chrome");
const skip = executable === undefined && "no Chromium on this machine (CHROME_PATH names one)";

function which(name: string): string | undefined {
  try {
    return execFileSync("which", [name], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

const policy =
  "default-src 'none'; connect-src 'self'; worker-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
/** What isolates a page, asked of the page and of its workers. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const isolated = new Set(["/isolated", "/worker.js"]);

/** A script and all that it imports. */
async function bundle(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].contents;
}

/** The page, isolated and not, its scripts, and each case's model and samples. */
async function serve(): Promise<Server> {
  const page = async () => '<!doctype html><script type="module" src="/page.js"></script>';
  const scripts = { "/page.js": "browser/page.ts", "/worker.js": "../src/runtime/threads/worker.ts" };
  const files = new Map<string, { type: string; content(): Promise<string | Uint8Array> }>([
    ["/", { type: "text/html", content: page }],
    ["/isolated", { type: "text/html", content: page }],
    ...Object.entries(scripts).map(
      ([path, entry]) => [path, { type: "text/javascript", content: () => bundle(entry) }] as const,
    ),
  ]);
  for (const [index, { load }] of cases.entries()) {
    const type = "application/octet-stream";
    files.set(`/model/${index}`, { type, content: async () => (await load()).model });
    files.set(`/samples/${index}`, {
      type,
      content: async () => {
        const { samples } = await load();
        return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
      },
    });
  }
  const server = createServer(async (request, response) => {
    const url = request.url ?? "";
    const file = files.get(url);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": file.type,
      "content-security-policy": policy,
      ...(isolated.has(url) && isolation),
    });
    response.end(await file.content());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("in Chromium", { skip }, () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath: executable!, args: ["--no-sandbox"] });
    page = await open("/");
  });

  async function open(path: string): Promise<Page> {
    const opened = await browser.newPage();
    opened.on("pageerror", (error) => complaints.push(String(error)));
    opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await opened.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    await opened.waitForFunction("globalThis.bitsOfCase");
    return opened;
  }

  after(async () => {
    await browser?.close();
    server?.close();
  });

  for (const [index, { name, skip, load, ...options }] of cases.entries())
    test(`frames and logits of ${name} have the bits they have in Node`, { skip }, async (t) => {
      const { model, samples } = await load();
      const expected = await bitsOf(model, samples, { ...options, kernels: "simd" });
      for (const kernels of ["simd", "relaxed"] as const) {
        // A page that is not isolated has one thread, whatever it asks for.
        const found = (await page.evaluate(
          `bitsOfCase(${index}, ${JSON.stringify({ ...options, kernels, threads: 2 })})`,
        )) as Bits;
        if (found.kernels !== kernels) t.diagnostic(`"${kernels}" cannot run here, "${found.kernels}" ran`);
        assert.deepEqual({ ...found, kernels }, { ...expected, kernels });
      }
    });

  test("an isolated page has threads, and the same bits", async () => {
    const own = await open("/isolated");
    assert.equal(await own.evaluate("crossOriginIsolated"), true);
    for (const [index, { skip, load, name: _, ...options }] of cases.entries()) {
      if (skip) continue;
      const { model, samples } = await load();
      const expected = await bitsOf(model, samples, { ...options, kernels: "simd" });
      const asked = JSON.stringify({ ...options, kernels: "simd", threads: 2 });
      assert.deepEqual(await own.evaluate(`bitsOfCase(${index}, ${asked})`), { ...expected, threads: 2 });
    }
    await own.close();
  });

  test("features have the bits they have in Node", async () => {
    assert.deepEqual(await page.evaluate('featureBits("simd")'), await featureBits("simd"));
  });

  test("the page needs no isolation and breaks no rule of its policy", async (t) => {
    t.diagnostic(`Chromium ${browser.version()}`);
    assert.equal(await page.evaluate("crossOriginIsolated"), false);
    assert.deepEqual(
      complaints.filter((text) => !text.includes("favicon")),
      [],
    );
  });
});
