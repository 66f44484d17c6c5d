// npm run bench -- growth: longer and longer audio, and more and more streams.

import { join } from "node:path";
import { growthFigure } from "../figures/growth.ts";
import { type GrowthResult, type LengthResult, measureGrowth, type StreamsResult } from "../growth.ts";
import { measureResident, measureStart, type Resident, type StartTimes } from "../resident.ts";
import { type Column, sheet } from "../table.ts";
import { atMost, targetSheets } from "../targets.ts";
import type { Part, Settings } from "./part.ts";

/** 4.6 s of speech, whatever else is heard. */
const FIRST = join(import.meta.dirname, "../../samples/kitchen.wav");
const LENGTHS = [1, 10, 60, 600, 3600];
const STREAMS = [1, 2, 4, 8, 16, 32, 64];
/** How many of them a quick run takes. */
const QUICK = 3;

type Grown = Pick<LengthResult, "audioSeconds" | "processingSeconds">;

/** Time by length and by streams, and memory over time. */
export interface Growing extends GrowthResult {
  resident: Resident[];
  start: StartTimes;
}

const common: Column<Grown>[] = [
  { title: "audio, s", cell: ({ audioSeconds }) => audioSeconds.toFixed(0) },
  { title: "processing, s", cell: ({ processingSeconds }) => processingSeconds.toFixed(2) },
  {
    title: "RTF",
    cell: ({ processingSeconds, audioSeconds }) => (processingSeconds / audioSeconds).toFixed(4),
  },
];
export const growth: Part<Growing> = {
  summary: "1 to 3600 seconds of audio, and 1 to 64 streams on one core: is time linear, and memory flat?",
  others: false,

  async measure({ quick, data, bar }: Settings) {
    bar.update(0, 1, "memory");
    const resident = await measureResident(data, quick ? 60 : 600);
    const grown = await measureGrowth({
      lengths: quick ? LENGTHS.slice(0, QUICK) : LENGTHS,
      streams: quick ? STREAMS.slice(0, QUICK) : STREAMS,
      onProgress: (done, total, label) => bar.update(done, total, label),
    });
    const start = await measureStart(FIRST, quick ? 1 : 9);
    return { ...grown, resident, start };
  },

  heading: "Longer audio, more streams",
  figure: growthFigure,
  explain({ lengths, streams, resident, start }) {
    const factor = (grown: Grown) => (grown.processingSeconds / grown.audioSeconds).toFixed(3);
    const [shortest, longest] = [lengths[0], lengths.at(-1)!];
    const many = streams.at(-1)!;
    return (
      `From ${shortest.audioSeconds.toFixed(0)} to ${longest.audioSeconds.toFixed(0)} s of audio the real-time factor ` +
      `goes from ${factor(shortest)} to ${factor(longest)}, for audio is cut at pauses and no piece is longer than the ` +
      "model takes. A process that loads the recogniser and hears recordings, and does nothing else, has " +
      `${resident[0].residentMB.toFixed(0)} MB after loading and ${resident.at(-1)!.residentMB.toFixed(0)} MB after ` +
      `${(resident.at(-1)!.heard / 60).toFixed(0)} minutes of speech; loading takes ${start.loaded.toFixed(0)} ms, and the first text is there ` +
      `${start.firstText.toFixed(0)} ms after the process has started. ` +
      `${many.streams} speakers at once share one recogniser in turn: each gets the text that it gets alone, and ` +
      `${many.audioSeconds.toFixed(0)} s of speech take ${many.processingSeconds.toFixed(1)} s of the processor.`
    );
  },

  tables({ lengths, streams, resident, start }) {
    const byLength = sheet<LengthResult>(
      [...common, { title: "pieces", cell: ({ segments }) => `${segments}` }],
      lengths,
    );
    const byStreams = sheet<StreamsResult>(
      [
        { title: "streams", cell: ({ streams }) => `${streams}` },
        ...common,
        { title: "longest wait, s", cell: ({ longestWait }) => longestWait.toFixed(2) },
      ],
      streams,
    );
    const memory = sheet<Resident>(
      [
        { title: "speech heard, s", cell: ({ heard }) => heard.toFixed(0) },
        { title: "resident MB", cell: ({ residentMB }) => residentMB.toFixed(0) },
      ],
      resident,
    );
    const held = targetSheets([
      atMost("resident MB after loading", 150, resident[0].residentMB),
      atMost("resident MB in the end", 150, resident.at(-1)!.residentMB),
      atMost("loading from the cache, ms", 150, start.loaded),
      atMost("from a process's start to its first text, ms", 500, start.firstText),
    ]);
    return [...held, byLength, byStreams, memory];
  },
};
