// Chromium for the engines that run in pages: each engine has a page of its own, and so a process of its own.

import { execFileSync } from "node:child_process";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Contestant } from "../contest/contest.ts";
import type { Prepared, Timed } from "../contest/task.ts";
import { type PageServer, servePage } from "./server.ts";

export interface Chromium {
  readonly version: string;
  /** A new page with the bench's script. */
  page(): Promise<Page>;
  close(): Promise<void>;
}

/** Undefined, with the reason said, where there is no Chromium. CHROME_PATH names one. */
export async function launchChromium(
  note: (text: string) => void,
  files?: Readonly<Record<string, string>>,
): Promise<Chromium | undefined> {
  const executablePath = process.env.CHROME_PATH ?? which("chromium") ?? which("google-chrome");
  if (!executablePath) {
    note("engines in Chromium are left out: none found (CHROME_PATH names one)");
    return undefined;
  }
  const server: PageServer = await servePage(files);
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    version: browser.version(),
    async page() {
      // A context of its own each: pages of one context may share a process, and so their compilers' threads.
      const page = await (await browser.newContext()).newPage();
      await page.goto(server.address);
      await page.waitForFunction("globalThis.ask");
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** An engine of `page.ts` as a contestant. */
export async function startPage(
  chromium: Chromium,
  engine: string,
  list: "kernels" | "models",
): Promise<Contestant> {
  const page = await chromium.page();
  await page.evaluate(`startContestant(${JSON.stringify(list)}, ${JSON.stringify(engine)})`);
  return {
    name: `${engine}, Chromium`,
    ask: async (request) => (await page.evaluate(`ask(${JSON.stringify(request)})`)) as Prepared | Timed,
    end: () => page.close(),
  };
}

function which(name: string): string | undefined {
  try {
    return (
      execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() ||
      undefined
    );
  } catch {
    return undefined;
  }
}
