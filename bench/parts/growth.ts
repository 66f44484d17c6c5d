// npm run bench -- growth: longer and longer audio, and more and more streams.

import { type GrowthResult, measureGrowth } from "../growth.ts";
import { table } from "../table.ts";
import type { Part, Settings } from "./part.ts";

const LENGTHS = [1, 10, 60, 600, 3600];
const QUICK_LENGTHS = LENGTHS.slice(0, 3);

export const growth: Part<readonly GrowthResult[]> = {
  summary: "1 to 3600 seconds of audio, and 1 to 64 streams on one core: is time linear, and memory flat?",
  others: false,

  measure: ({ quick, bar }: Settings) =>
    measureGrowth(quick ? QUICK_LENGTHS : LENGTHS, (done, total) => bar.update(done, total)),

  tables: (results) =>
    table(
      [
        { title: "audio, s", cell: ({ audioSeconds }) => audioSeconds.toFixed(0) },
        { title: "processing, s", cell: ({ processingSeconds }) => processingSeconds.toFixed(2) },
        { title: "RTF", cell: ({ rtf }) => rtf.toFixed(4) },
        { title: "pieces", cell: ({ segments }) => `${segments}` },
        { title: "resident MB", cell: ({ residentMB }) => residentMB.toFixed(0) },
      ],
      results,
    ),
};
