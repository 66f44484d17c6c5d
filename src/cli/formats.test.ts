import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, type FileTranscript, printTranscript } from "./formats.ts";

const transcript: FileTranscript = {
  file: "a.wav",
  text: "One & two. <Three>",
  segments: [
    { start: 0, end: 1.5, text: "One & two." },
    { start: 3601.0416, end: 3661.9996, text: "<Three>\n  and on" },
  ],
  ...{ audioSeconds: 3662, processingSeconds: 36.62, rtf: 0.01, kernels: "simd", threads: 1 },
};

test("SubRip cues are numbered from 1, with a comma before the milliseconds and an empty line after each", () => {
  const expected =
    "1\n00:00:00,000 --> 00:00:01,500\nOne & two.\n\n2\n01:00:01,042 --> 01:01:02,000\n<Three> and on\n";
  assert.equal(printTranscript.srt(transcript), expected);
});

test("WebVTT has its header, a point before the milliseconds, and escaped characters", () => {
  const expected =
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne &amp; two.\n\n" +
    "01:00:01.042 --> 01:01:02.000\n&lt;Three&gt; and on\n";
  assert.equal(printTranscript.vtt(transcript), expected);
  assert.equal(printTranscript.vtt({ ...transcript, segments: [] }), "WEBVTT\n");
});

test("text is a line for each segment, JSON one line that can be read back", () => {
  assert.equal(
    printTranscript.text({ ...transcript, segments: transcript.segments.slice(0, 1) }),
    "One & two.",
  );
  assert.deepEqual(JSON.parse(printTranscript.json(transcript)), transcript);
});

test("milliseconds are rounded, and carried on", () => {
  assert.equal(clock(59.9996, "."), "00:01:00.000");
  assert.equal(clock(360_000, ","), "100:00:00,000");
});
