// octavox realtime MODEL FILE

import { setTimeout } from "node:timers/promises";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import {
  type Clock,
  type Played,
  playLive,
  playRecorded,
  quantile,
  slowdownOfFirstLoss,
} from "../evaluate/index.ts";
import { readBytes, writeAtomically } from "../host/index.ts";
import { decodeAudio, type KeywordModel, KeywordSpotter } from "../index.ts";
import type { Context } from "./context.ts";
import { openKeywords } from "./load.ts";
import { milliseconds, multiple } from "./options.ts";
import { addSpottingOptions, type SpottingOptions, spotterOptions } from "./spotting.ts";
import { columns } from "./terminal.ts";

interface Options extends SpottingOptions {
  slow: number;
  frame: number;
  buffer: number;
  live?: boolean;
  json?: boolean;
  output?: string;
}

const examples = `
Examples:
  octavox realtime keywords.ovx talk.wav
  octavox realtime keywords.ovx talk.wav --slow 50 --buffer 200 -o realtime.svg
  octavox realtime keywords.ovx talk.wav --live --json | jq .dropped

Each frame's processing is timed, and the device is played through on a clock of its own, so that an hour of audio
takes no hour; --live really waits. Latency counts from a frame's last sample to the end of its processing.`;

export function realtimeCommand(context: Context): Command {
  const ms = (flags: string, text: string, value: number) =>
    new Option(flags, text).argParser(milliseconds).default(value);
  const command = new Command("realtime")
    .summary("see whether a model keeps up with audio, and how much slower a machine may be")
    .description(
      "Plays audio at its own pace into a bounded buffer, as a device would, while a keyword model listens; and " +
        "tells how late it is, which frames are lost, and at which slowdown the first one is.",
    )
    .argument("<model>", "path of a keyword model")
    .argument("<file>", "audio file")
    .addOption(
      new Option("--slow <factor>", "processing takes so many times as long").argParser(multiple).default(1),
    )
    .addOption(ms("--frame <ms>", "audio that arrives at once", 20))
    .addOption(ms("--buffer <ms>", "audio that the buffer holds", 1000))
    .option("--live", "wait for the audio")
    .option("--json", "print JSON")
    .option("-o, --output <file>", "draw how full the buffer is, as SVG");
  return addSpottingOptions(command)
    .addHelpText("after", examples)
    .action((model: string, file: string, options: Options) => realtime(context, model, file, options));
}

async function realtime(context: Context, path: string, file: string, options: Options): Promise<void> {
  const { terminal, signal } = context;
  using model = await openKeywords(context, { ...options, model: path });
  const { pace, frames } = framesOf(await samplesOf(file, model, context), model, file, options);
  const spotter = new KeywordSpotter(model, spotterOptions(options));
  // The first window plans and compiles, which a device does before it listens.
  await spotter.push(new Float32Array(2 * model.samples), { signal });
  await spotter.reset();
  const bar = terminal.progress(file);
  const times: number[] = [];
  const hear = async (frame: number): Promise<void> => {
    const started = performance.now();
    await spotter.push(frames[frame], { signal });
    times.push((performance.now() - started) / 1000);
    bar.update(frame + 1, frames.length);
  };
  const played = await play(hear, { ...pace, frames: frames.length, times }, context, options).finally(
    bar.end,
  );
  const run: Run = { ...pace, played, slow: options.slow, firstLoss: slowdownOfFirstLoss(times, pace) };
  if (options.output !== undefined) await draw(options.output, file, run, times);
  const { kernels } = model;
  if (options.json)
    terminal.out(JSON.stringify({ model: path, file, live: options.live === true, ...record(run), kernels }));
  else for (const line of columns(table(run, kernels))) terminal.out(line);
}

interface Run {
  frameSeconds: number;
  capacity: number;
  played: Played;
  slow: number;
  /** Infinity when no slowdown loses a frame. */
  firstLoss: number;
}

async function samplesOf(file: string, model: KeywordModel, { signal }: Context): Promise<Float32Array> {
  return model.atItsRate(await decodeAudio(await readBytes(file, { signal }), { file, signal }));
}

/** The audio in frames, without an incomplete last one. */
function framesOf(samples: Float32Array, { sampleRate }: KeywordModel, file: string, options: Options) {
  const size = Math.max(1, Math.round((options.frame * sampleRate) / 1000));
  const frameSeconds = size / sampleRate;
  const count = Math.floor(samples.length / size);
  if (count === 0)
    throw new OctavoxError("argument", "too short a clip", {
      file,
      expected: `a frame of ${size} samples or more`,
      found: `${samples.length}`,
    });
  const frames = Array.from({ length: count }, (_, i) => samples.subarray(i * size, (i + 1) * size));
  const capacity = Math.max(1, Math.round(options.buffer / 1000 / frameSeconds));
  return { frames, pace: { frameSeconds, capacity } };
}

interface Task {
  frames: number;
  frameSeconds: number;
  capacity: number;
  /** Seconds that each frame took, as far as it was heard. */
  times: readonly number[];
}

async function play(
  hear: (frame: number) => Promise<void>,
  { times, ...pace }: Task,
  { signal }: Context,
  { slow, live }: Options,
): Promise<Played> {
  if (live) return playLive(hear, { ...pace, slow, clock: clockOf(signal) });
  for (let frame = 0; frame < pace.frames; frame++) await hear(frame);
  return playRecorded(times, pace, slow);
}

function clockOf(signal: AbortSignal): Clock {
  const started = performance.now();
  const now = (): number => (performance.now() - started) / 1000;
  return {
    now,
    wait: async (until) => {
      const ms = (until - now()) * 1000;
      if (ms > 0) await setTimeout(ms, undefined, { signal });
    },
  };
}

/** Times in milliseconds. */
function record({ played, slow, firstLoss, frameSeconds, capacity }: Run) {
  const { frames, lost, latencies, audioSeconds, processingSeconds } = played;
  const ms = (share: number) => 1000 * quantile(latencies, share);
  return {
    ...{ slow, frames, frameMs: 1000 * frameSeconds, bufferMs: 1000 * frameSeconds * capacity },
    ...{ audioSeconds, processingSeconds, rtf: processingSeconds / audioSeconds },
    latency: { median: ms(0.5), p99: ms(0.99), max: ms(1) },
    dropped: lost.length,
    firstLossAt: Number.isFinite(firstLoss) ? firstLoss : null,
  };
}

function table(run: Run, kernels: string): (readonly string[])[] {
  const {
    slow,
    frames,
    frameMs,
    bufferMs,
    audioSeconds,
    processingSeconds,
    rtf,
    latency,
    dropped,
    firstLossAt,
  } = record(run);
  const ms = (value: number) => `${value.toPrecision(3)} ms`;
  const work = `${audioSeconds.toFixed(1)} s of audio in ${processingSeconds.toPrecision(3)} s, ${kernels} kernels`;
  return [
    ["real-time factor", rtf.toPrecision(3), slow === 1 ? work : `${work}, ${slow} times as slow`],
    ["latency", ms(latency.median), `median; 99 % within ${ms(latency.p99)}, all within ${ms(latency.max)}`],
    ["lost frames", `${dropped}`, `of ${frames}, ${frameMs} ms each; the buffer holds ${bufferMs} ms`],
    firstLossAt === null
      ? ["first loss", "never", "all of the audio fits the buffer, or takes no time"]
      : [
          "first loss",
          `${firstLossAt.toPrecision(3)} ×`,
          "the slowdown at which a frame of this audio is lost",
        ],
  ];
}

function lossesOf(count: number): string {
  if (count === 0) return "no frame lost";
  return count === 1 ? "the first frame lost" : `${count} frames lost`;
}

async function draw(output: string, file: string, run: Run, times: readonly number[]): Promise<void> {
  // The charts' library is large, and few runs need it.
  const { bufferFigure } = await import("../charts/index.ts");
  const { played, slow, firstLoss } = run;
  const panel = (name: string, { filling, lost, audioSeconds }: Played) => ({
    ...{ title: `${name}: ${lossesOf(lost.length)}`, filling, lost },
    seconds: Math.max(audioSeconds, filling.at(-1)?.time ?? 0),
  });
  const runs = [panel(slow === 1 ? "as fast as here" : `${slow} times slower`, played)];
  if (Number.isFinite(firstLoss))
    runs.push(panel(`${firstLoss.toPrecision(3)} times slower`, playRecorded(times, run, firstLoss)));
  const svg = bufferFigure(`${file} at its own pace: audio waiting in the buffer`, run, runs);
  await writeAtomically(output, new TextEncoder().encode(svg));
}
