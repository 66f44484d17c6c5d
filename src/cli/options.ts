// Options that several verbs share, and how their values are read. A wrong value is wrong use of the command.

import { InvalidArgumentError, Option } from "commander";
import { models } from "../host/index.ts";
import { kernelChoices } from "../index.ts";

/** The first of the list. */
export const DEFAULT_MODEL = models[0].name;

export const kernelsOption = () =>
  new Option(
    "--kernels <which>",
    "kernels to run; otherwise the fastest that this machine runs correctly",
  ).choices(kernelChoices);

export const threadsOption = () =>
  new Option("--threads <number>", "threads that share the work; the result is the same")
    .default(1)
    .argParser(threadCount);

function threadCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError("It must be a whole number from 1 to 64.");
  return value;
}

/** Of things to do: 1 or more. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return value;
}

/** Where choices by chance begin. */
export function seed(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value >= 2 ** 32)
    throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  return value;
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

export const milliseconds = inRange(1, 3_600_000, "It must be a number of milliseconds, 1 to 3600000.");

export const multiple = inRange(1e-6, 1e9, "It must be a number above 0.");

function inRange(lowest: number, highest: number, message: string): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (!(value >= lowest && value <= highest)) throw new InvalidArgumentError(message);
    return value;
  };
}

/** "yes,no" → ["yes", "no"] */
export function nameList(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

export const keywordsOption = () =>
  new Option("--keywords <file>", "JSON with labels, samples and features, for a model whose file says none");

/** "4,8" → [4, 8] */
export function bitList(text: string): number[] {
  const bits = text.split(",").map(Number);
  if (bits.some((each) => !Number.isInteger(each) || each < 2 || each > 16))
    throw new InvalidArgumentError("It must be whole numbers from 2 to 16, separated by commas.");
  return bits;
}
