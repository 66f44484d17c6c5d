// Options of the verbs that read models of other formats: what a caller knows of a model that its file leaves open.

import { type Command, InvalidArgumentError } from "commander";
import { OctavoxError } from "../errors.ts";
import type { Specialisation } from "../import.ts";

type Pairs = Readonly<Record<string, string>>;

export interface SpecialOptions {
  bind?: Pairs;
  size?: Pairs;
  feedback?: Pairs;
}

export function addSpecialOptions(command: Command): Command {
  return command
    .option("--bind <input=number...>", "inputs that are always the same", pairs)
    .option("--size <name=number...>", "sizes that have one value", pairs)
    .option(
      "--feedback <input=output...>",
      "outputs that come back as inputs: kept from run to run, zeros at first",
      pairs,
    );
}

/** @throws OctavoxError `argument` for a value that is no number */
export function specialisationOf({ bind = {}, size = {}, feedback = {} }: SpecialOptions): Specialisation {
  return { bind: numbersOf(bind, "--bind"), sizes: numbersOf(size, "--size"), feedback };
}

/** "a=b" on top of those before. */
function pairs(text: string, before: Pairs = {}): Pairs {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError("It must be a name, = and a value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function numbersOf(given: Pairs, option: string): Record<string, number> {
  const all = Object.entries(given).map(([name, text]) => [name, Number(text)] as const);
  const wrong = all.find(([, value]) => !Number.isFinite(value));
  if (wrong)
    throw new OctavoxError("argument", `${option} ${wrong[0]}`, {
      expected: "a number",
      found: given[wrong[0]],
    });
  return Object.fromEntries(all);
}
