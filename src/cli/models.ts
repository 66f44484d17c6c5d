// octavox models list | pull | path

import { Command } from "commander";
import { cachedBytes, modelPath, models, pullModel } from "../host/index.ts";
import type { Context } from "./context.ts";
import { pullProgress } from "./load.ts";
import { byteSize, columns } from "./terminal.ts";

const examples = `
Examples:
  octavox models list
  octavox models pull moonshine-tiny
  cp "$(octavox models path moonshine-tiny)" public/

Models are kept in a cache folder of the system; the variable OCTAVOX_HOME names another.`;

export function modelsCommand(context: Context): Command {
  const command = new Command("models")
    .summary("list, download and find models")
    .description("Models that octavox knows by name.")
    .helpCommand(false)
    .addHelpText("after", examples);
  command
    .command("list", { isDefault: true })
    .description("list the models, and whether they are on this machine")
    .option("--json", "print JSON")
    .action((options: { json?: boolean }) => list(context, options));
  command
    .command("pull <names...>")
    .description("download and convert models")
    .option("--force", "even when they are here already")
    .action((names: string[], options: { force?: boolean }) => pull(context, names, options));
  command
    .command("path <name>")
    .description("print where a model's file is")
    .action((name: string) => path(context, name));
  return command;
}

async function list({ terminal }: Context, { json }: { json?: boolean }): Promise<void> {
  const rows = await Promise.all(
    models.map(async ({ name, description, licence, source }) => {
      const bytes = await cachedBytes(name);
      return {
        name,
        description,
        licence,
        source: source.package,
        downloadBytes: source.bytes,
        ...here(name, bytes),
      };
    }),
  );
  if (json) terminal.out(JSON.stringify(rows));
  else
    for (const line of columns(rows.map((row) => [row.name, row.description, row.licence, status(row)])))
      terminal.out(line);
}

function here(name: string, bytes: number | undefined) {
  return {
    installed: bytes !== undefined,
    bytes: bytes ?? null,
    path: bytes === undefined ? null : modelPath(name),
  };
}

function status({ bytes, downloadBytes }: { bytes: number | null; downloadBytes: number }): string {
  return bytes === null ? `not here (download ${byteSize(downloadBytes)})` : `here, ${byteSize(bytes)}`;
}

async function pull(
  { terminal, signal }: Context,
  names: readonly string[],
  { force }: { force?: boolean },
): Promise<void> {
  for (const name of names) {
    const { onProgress, end } = pullProgress(terminal, name);
    try {
      const path = await pullModel(name, { signal, onProgress, force });
      end();
      terminal.out(path);
    } finally {
      end();
    }
  }
}

async function path({ terminal }: Context, name: string): Promise<void> {
  const path = modelPath(name);
  if ((await cachedBytes(name)) === undefined)
    terminal.note(`octavox: ${name} is not here yet; \`octavox models pull ${name}\` gets it`);
  terminal.out(path);
}
