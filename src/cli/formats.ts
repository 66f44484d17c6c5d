// Transcripts as text, JSON Lines, SubRip and WebVTT.

import type { Segment, Transcript } from "../index.ts";

export interface FileTranscript extends Transcript {
  file: string;
  kernels: string;
  threads: number;
}

export const formats = ["text", "json", "srt", "vtt"] as const;
export type Format = (typeof formats)[number];

/** One line or block for each file. */
export const printTranscript: Record<Format, (transcript: FileTranscript) => string> = {
  text: ({ segments }) => segments.map(({ text }) => text).join("\n"),
  json: ({ file, text, segments, audioSeconds, processingSeconds, rtf, kernels, threads }) =>
    JSON.stringify({ file, text, segments, audioSeconds, processingSeconds, rtf, kernels, threads }),
  srt: ({ segments }) => segments.map((segment, index) => srtCue(segment, index + 1)).join("\n"),
  vtt: ({ segments }) => ["WEBVTT\n", ...segments.map(vttCue)].join("\n"),
};

/** A cue ends with an empty line; inside one there is none. */
function srtCue({ start, end, text }: Segment, number: number): string {
  return `${number}\n${clock(start, ",")} --> ${clock(end, ",")}\n${oneLine(text)}\n`;
}

function vttCue({ start, end, text }: Segment): string {
  const escaped = oneLine(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return `${clock(start, ".")} --> ${clock(end, ".")}\n${escaped}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** hh:mm:ss and milliseconds behind `mark`. */
export function clock(seconds: number, mark: "," | "."): string {
  const ms = Math.round(seconds * 1000);
  const part = (unit: number, range: number) => String(Math.floor(ms / unit) % range).padStart(2, "0");
  const hours = String(Math.floor(ms / 3_600_000)).padStart(2, "0");
  return `${hours}:${part(60_000, 60)}:${part(1000, 60)}${mark}${String(ms % 1000).padStart(3, "0")}`;
}
