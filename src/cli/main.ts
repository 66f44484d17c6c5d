// The command line: reads the arguments, runs a verb, and turns what happened into an exit status.

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { OctavoxError } from "../errors.ts";
import { keepMemorySmall } from "../host/index.ts";
import type { Context } from "./context.ts";
import { convertCommand } from "./convert.ts";
import { evaluateCommand } from "./evaluate.ts";
import { inspectCommand } from "./inspect.ts";
import { listenCommand } from "./listen.ts";
import { modelsCommand } from "./models.ts";
import { plotCommand } from "./plot.ts";
import { quantizeCommand } from "./quantize.ts";
import { realtimeCommand } from "./realtime.ts";
import { errorLine } from "./report.ts";
import { spotCommand } from "./spot.ts";
import { makeTerminal } from "./terminal.ts";
import { transcribeCommand } from "./transcribe.ts";

const verbs = [
  transcribeCommand,
  spotCommand,
  listenCommand,
  realtimeCommand,
  evaluateCommand,
  inspectCommand,
  convertCommand,
  modelsCommand,
  plotCommand,
  quantizeCommand,
];

/** Exit status, as shells and scripts expect it. */
const FAILED = 1;
const WRONG_USE = 2;
const INTERRUPTED = 130;

/** @returns the exit status */
export async function main(args: readonly string[]): Promise<number> {
  keepMemorySmall();
  const interrupt = new AbortController();
  const terminal = makeTerminal(process.stdout, process.stderr, process.env);
  const onInterrupt = (): void => interrupt.abort(new OctavoxError("state", "interrupted"));
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  process.stdout.on("error", leaveQuietly);
  // Wherever it stands on the line.
  const debug = args.includes("--debug");
  try {
    await program({ terminal, signal: interrupt.signal }).parseAsync([...args], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
    terminal.note(errorLine(error, debug));
    if (interrupt.signal.aborted) return INTERRUPTED;
    return error instanceof OctavoxError && error.code === "argument" ? WRONG_USE : FAILED;
  } finally {
    process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  }
}

function program(context: Context): Command {
  const root = new Command("octavox")
    .description("Speech models in integers: on this machine, in Node and in the browser.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .option("--debug", "print where an error comes from")
    .showHelpAfterError("(--help shows how to use it)")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "octavox: ")) })
    .addHelpText("after", "\nExample:\n  octavox transcribe talk.wav");
  for (const verb of verbs) root.addCommand(verb(context));
  for (const command of everyCommand(root))
    command.copyInheritedSettings(root).option("--debug", "print where an error comes from");
  return root;
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...everyCommand(each)]);
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The reader of a pipe may go before everything is written (`octavox … | head -1`). */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
