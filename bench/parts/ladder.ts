// npm run bench -- ladder: the founding article's "How To Optimize Gemm", a row a step.

import { compete } from "../contest/contest.ts";
import { startProcess } from "../contest/process.ts";
import { ladderFigure } from "../figures/ladder.ts";
import { naiveTypeScript } from "../ladder/01-naive-typescript.ts";
import { ladderOperands, ladderShape, steps } from "../ladder/steps.ts";
import { sheet } from "../table.ts";
import type { Part, Settings } from "./part.ts";

export interface LadderRow {
  title: string;
  why: string;
  gops: number;
  /** Of the relaxed dot on 128 bits, and on 256, in GOPS; in the same turns. */
  limits: { narrow: number | undefined; wide: number | undefined };
}

const TURNS = 7;
const [TURN, QUICK_TURN] = [150, 20];

export const ladder: Part<readonly LadderRow[]> = {
  summary: "one product from three loops to the limit: a row a step",
  others: false,

  async measure({ quick, rounds, bar }: Settings) {
    const contestants = await Promise.all(steps.map(({ title }) => startProcess(title, "ladder")));
    const expected = expectedSums();
    let asked = 0;
    const turns = quick ? TURNS : TURNS * rounds;
    const counted = contestants.map((contestant) => ({
      ...contestant,
      ask(request: Parameters<typeof contestant.ask>[0]) {
        bar.update(asked++, (turns + 1) * steps.length);
        return contestant.ask(request);
      },
    }));
    const judge = (found: ArrayLike<number>) => {
      const at = expected.findIndex((sum, i) => sum !== found[i]);
      return at < 0 ? undefined : `sum ${at} is ${found[at]}, expected ${expected[at]}`;
    };
    const task = { family: "ladder", shape: ladderShape };
    const standings = await compete(counted, task, judge, { turns, turn: quick ? QUICK_TURN : TURN });
    for (const { end } of contestants) await end();
    const limits = { narrow: standings["relaxed dot"]?.limit, wide: standings.wide?.limit };
    const [m, n, k] = ladderShape;
    return steps
      .filter(({ title }) => standings[title])
      .map(({ title, why }) => {
        const gops = (2 * m * n * k) / standings[title].milliseconds / 1e6;
        return { title, why, gops, limits };
      });
  },

  heading: "How to optimize a matrix product",
  figure: ladderFigure,
  explain(rows) {
    const [first, last] = [rows[0], rows.at(-1)!];
    return (
      `The same product of ${ladderShape.join("×")}, a step a file in \`bench/ladder\`: from ${first.gops.toFixed(1)} to ` +
      `${last.gops.toFixed(0)} GOPS, ${(last.gops / first.gops).toFixed(0)} times as fast on one thread. Float32 holds ` +
      "every sum of these bytes exactly, so all steps must give the same integers, and are compared with the first. " +
      "The limits are loops of the relaxed dot on registers of 128 and of 256 bits, measured in the same turns."
    );
  },

  tables(rows) {
    const share = (limit: number | undefined, { gops }: LadderRow) =>
      limit === undefined ? "–" : `${((100 * gops) / limit).toFixed(1)} %`;
    return [
      sheet(
        [
          { title: ladderShape.join("×"), cell: ({ title }) => title },
          { title: "GOPS", cell: ({ gops }) => gops.toFixed(gops < 10 ? 1 : 0) },
          {
            title: "÷ step before",
            cell: (row) => {
              const before = rows[rows.indexOf(row) - 1];
              return before ? `${(row.gops / before.gops).toFixed(1)}×` : "";
            },
          },
          { title: "of 128 bits", cell: (row) => share(row.limits.narrow, row) },
          { title: "of 256 bits", cell: (row) => share(row.limits.wide, row) },
          { title: "", words: true, cell: ({ why }) => why },
        ],
        rows,
      ),
    ];
  },
};

/** What three plain loops make of it, in this process. */
function expectedSums(): Int32Array {
  const job = naiveTypeScript.make(ladderOperands(ladderShape))!;
  job.run();
  return job.result() as Int32Array;
}
