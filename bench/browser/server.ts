// A page for the engines that run in a browser: its script is bundled as it is asked for, the other engines' files
// come from this folder's node_modules, and models from wherever they are.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { build } from "esbuild";

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
const modules = join(import.meta.dirname, "../node_modules");

export interface PageServer {
  readonly address: string;
  close(): void;
}

/** A module and all it imports, as one. */
async function bundle(entry: string): Promise<Uint8Array> {
  const options = { bundle: true, format: "esm", target: "es2022", write: false } as const;
  return (await build({ entryPoints: [entry], ...options })).outputFiles[0].contents;
}

/** @param files more of them: path in the address → file on the disk */
export async function servePage(files: Readonly<Record<string, string>> = {}): Promise<PageServer> {
  const page = await bundle(join(import.meta.dirname, "page.ts"));
  const content = async (path: string): Promise<Uint8Array | string | undefined> => {
    if (path === "/") return '<!doctype html><script type="module" src="/page.js"></script>';
    if (path === "/page.js") return page;
    if (path === "/litert.js") return bundle(join(modules, "@litertjs/core/dist/index.js"));
    if (files[path]) return readFile(files[path]);
    const file = normalize(join(modules, path.replace(/^\/modules\//, "")));
    return file.startsWith(modules + sep) ? readFile(file).catch(() => undefined) : undefined;
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const found = await content(path);
    if (found === undefined) return void response.writeHead(404).end();
    const type = path === "/" ? "text/html" : (types[extname(path)] ?? "application/octet-stream");
    response.writeHead(200, { "content-type": type });
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
