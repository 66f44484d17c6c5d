// The run-time in a real browser, on a page with a strict policy and without cross-origin isolation: the same bits
// as in Node.

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

const policy = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** The page, its script, and each case's model and samples. */
async function serve(): Promise<Server> {
  const entry = join(import.meta.dirname, "browser/page.ts");
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const files = new Map<string, { type: string; content(): Promise<string | Uint8Array> }>([
    [
      "/",
      {
        type: "text/html",
        content: async () => '<!doctype html><script type="module" src="/page.js"></script>',
      },
    ],
    ["/page.js", { type: "text/javascript", content: async () => bundle.outputFiles[0].contents }],
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
    const file = files.get(request.url ?? "");
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": file.type, "content-security-policy": policy });
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
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.bitsOfCase");
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  for (const [index, { name, skip, load, ...options }] of cases.entries())
    test(`frames and logits of ${name} have the bits they have in Node`, { skip }, async (t) => {
      const { model, samples } = await load();
      const expected = await bitsOf(model, samples, { ...options, kernels: "simd" });
      for (const kernels of ["simd", "relaxed"] as const) {
        const found = (await page.evaluate(
          `bitsOfCase(${index}, ${JSON.stringify({ ...options, kernels })})`,
        )) as Bits;
        if (found.kernels !== kernels) t.diagnostic(`"${kernels}" cannot run here, "${found.kernels}" ran`);
        assert.deepEqual({ ...found, kernels }, { ...expected, kernels });
      }
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
