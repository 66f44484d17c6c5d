// octavox inspect MODEL

import { Command } from "commander";
import { findModel, readModelFile } from "../host/index.ts";
import type { summarise } from "../import.ts";
import type { Context } from "./context.ts";
import { pullProgress } from "./load.ts";
import { byteSize, columns, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  octavox inspect moonshine-tiny
  octavox inspect model.onnx --json | jq .parameters`;

export function inspectCommand(context: Context): Command {
  return new Command("inspect")
    .alias("info")
    .summary("show what is in a model")
    .description(
      "Shows what is in a model (.ovx, .onnx, .pb): inputs and outputs, operators, parameters, bytes by type.",
    )
    .argument("<model>", "name or path of a model")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action((model: string, options: { json?: boolean }) => inspect(context, model, options));
}

type Inspected = ReturnType<typeof summarise> & {
  file: string;
  bytes: number;
  metadata: Readonly<Record<string, unknown>>;
};

async function inspect(
  { terminal, signal }: Context,
  name: string,
  { json }: { json?: boolean },
): Promise<void> {
  const { onProgress, end } = pullProgress(terminal, name);
  const path = await findModel(name, { signal, onProgress }).finally(end);
  const { model, bytes } = await readModelFile(path, { signal });
  // The converter reads formats that the run-time does not know; other verbs start without it.
  const { summarise } = await import("../import.ts");
  const inspected = { file: path, bytes, metadata: model.metadata, ...summarise(model) };
  if (json) terminal.out(JSON.stringify(inspected));
  else print(terminal, inspected);
}

function print(terminal: Terminal, { file, bytes, metadata, ...model }: Inspected): void {
  const { out, bold } = terminal;
  const table = (rows: readonly (readonly (string | number)[])[]): void => {
    for (const line of columns(rows)) out(`  ${line}`);
  };
  out(`${bold(file)}  ${byteSize(bytes)}, ${count(model.parameters)} parameters, opset ${model.opset}`);
  table(Object.entries(metadata).map(([key, value]) => [key, brief(value)]));
  out(`\n${bold("constants")}`);
  const types = Object.entries(model.constants).sort(([, a], [, b]) => b.bytes - a.bytes);
  table(types.map(([dtype, sum]) => [dtype, count(sum.parameters), byteSize(sum.bytes)]));
  const kept = new Set(model.states.flatMap(({ input, output }) => [input, output]));
  for (const { name, inputs, outputs, nodes, operators } of model.graphs) {
    out(`\n${bold(name || "graph")}  ${nodes} nodes`);
    const values = (label: string, list: typeof inputs) =>
      list.filter((info) => !kept.has(info.name)).map((info) => [label, info.name, shape(info)]);
    table([...values("in", inputs), ...values("out", outputs)]);
    out("");
    table(Object.entries(operators).map(([op, nodesOfIt]) => [nodesOfIt, op]));
  }
  if (model.states.length === 0) return;
  out(`\n${bold("states")}  kept between runs`);
  table(model.states.map(({ name, input, output }) => [name, `${input} → ${output}`]));
}

function shape({ dtype, dims }: { dtype: string; dims: readonly (number | string)[] | undefined }): string {
  return `${dtype} [${dims?.join(", ") ?? "any sizes"}]`;
}

function count(numbers: number): string {
  return numbers < 10_000 ? `${numbers}` : `${(numbers / 1e6).toFixed(2)} million`;
}

/** Lists of thousands (a vocabulary) are only counted. */
function brief(value: unknown): string {
  if (Array.isArray(value) && value.length > 8) return `${value.length} entries`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
