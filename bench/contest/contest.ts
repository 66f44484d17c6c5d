// Turn and turn about: every contestant does the same task for a few hundredths of a second, then the next one, many
// times over; the medians count. What slows the machine down slows all of them. Nothing is timed whose result was
// not compared with the reference first.

import { median } from "../table.ts";
import type { Prepared, Request, Task, Timed, Values } from "./task.ts";

export interface Contestant {
  readonly name: string;
  ask(request: Request): Promise<Prepared | Timed>;
  end(): void | Promise<void>;
}

export interface Turns {
  readonly turns: number;
  /** How long one turn is, in milliseconds. */
  readonly turn: number;
}

/** Whether a result is right; a word or two about what differs where it is not. */
export type Judge = (found: Values, contestant: string) => string | undefined;

export interface Standing {
  /** Of one call; the median of the turns. */
  readonly milliseconds: number;
  /** The host's limit in the same turns, in operations a nanosecond, where the contestant knows one. */
  readonly limit: number | undefined;
}

/**
 * By contestant; those that do not do the task are left out.
 * @param note where given, takes a word about one that does it wrongly, which is then left out too; an error otherwise
 */
export async function compete(
  contestants: readonly Contestant[],
  task: Task,
  judge: Judge,
  { turns, turn }: Turns,
  note?: (text: string) => void,
): Promise<Record<string, Standing>> {
  const able: Contestant[] = [];
  for (const contestant of contestants) {
    const { result, skipped } = (await contestant.ask({ prepare: task })) as Prepared;
    if (skipped) continue;
    const wrong = result && judge(result, contestant.name);
    if (wrong) {
      const what = `${contestant.name}: ${task.family}, ${task.shape.join("×")}: ${wrong}`;
      if (!note) throw new Error(what);
      note(`left out: ${what}`);
      continue;
    }
    able.push(contestant);
  }
  const timed = new Map(able.map(({ name }) => [name, [] as Timed[]]));
  for (let i = 0; i < turns; i++)
    for (const { name, ask } of able) timed.get(name)!.push((await ask({ time: turn })) as Timed);
  return Object.fromEntries([...timed].map(([name, list]) => [name, standing(list)]));
}

function standing(timed: readonly Timed[]): Standing {
  const limits = timed.map(({ limit }) => limit).filter((limit) => limit !== undefined);
  return {
    milliseconds: median(timed.map(({ milliseconds }) => milliseconds)),
    limit: limits.length > 0 ? median(limits) : undefined,
  };
}
