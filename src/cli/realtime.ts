// octavox realtime MODEL FILE

import { setTimeout } from "node:timers/promises";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import { type Clock, type Played, playLive, playRecorded, slowdownOfFirstLoss } from "../evaluate/index.ts";
import { readBytes } from "../host/index.ts";
import { decodeAudio, type KeywordModel, KeywordSpotter } from "../index.ts";
import type { Context } from "./context.ts";
import { openKeywords } from "./load.ts";
import { count, milliseconds, multiple } from "./options.ts";
import { draw, type Run, record, table } from "./realtime-report.ts";
import { addSpottingOptions, type SpottingOptions, spotterOptions } from "./spotting.ts";
import { columns } from "./terminal.ts";

interface Options extends SpottingOptions {
  slow: number;
  frame: number;
  buffer: number;
  runs: number;
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
takes no hour; --live really waits. Latency counts from a frame's last sample to the end of its processing. A machine
with other things to do holds a frame up now and then, which is not the model's: the shortest of several times is.`;

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
    .addOption(
      new Option("--runs <number>", "times that the audio is heard; of each frame the shortest counts")
        .argParser(count)
        .default(3),
    )
    .option("--live", "wait for the audio, which is heard once")
    .option("--json", "print JSON")
    .option("-o, --output <file>", "draw latency and losses over slowdown, and the buffer, as SVG");
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
  const times: number[] = [];
  const bar = terminal.progress(file);
  const total = frames.length * (options.live ? 1 : options.runs);
  let done = 0;
  const hear = async (frame: number): Promise<void> => {
    const started = performance.now();
    await spotter.push(frames[frame], { signal });
    times[frame] = Math.min(times[frame] ?? Number.POSITIVE_INFINITY, (performance.now() - started) / 1000);
    bar.update(++done, total);
  };
  const task = { hear, again: () => spotter.reset(), ...pace, frames: frames.length, times };
  const played = await play(task, context, options).finally(bar.end);
  const heard = Object.values(times);
  const run: Run = { ...pace, played, slow: options.slow, firstLoss: slowdownOfFirstLoss(heard, pace) };
  if (options.output !== undefined) await draw(options.output, file, run, heard);
  const { kernels } = model;
  if (options.json)
    terminal.out(JSON.stringify({ model: path, file, live: options.live === true, ...record(run), kernels }));
  else for (const line of columns(table(run, kernels))) terminal.out(line);
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
  hear: (frame: number) => Promise<void>;
  /** Before the audio is heard again. */
  again: () => Promise<void>;
  frames: number;
  frameSeconds: number;
  capacity: number;
  /** Least seconds that each frame took, as far as it was heard. */
  times: readonly number[];
}

async function play(
  { hear, again, times, ...pace }: Task,
  { signal }: Context,
  { slow, live, runs }: Options,
): Promise<Played> {
  if (live) return playLive(hear, { ...pace, slow, clock: clockOf(signal) });
  for (let run = 0; run < runs; run++) {
    if (run > 0) await again();
    for (let frame = 0; frame < pace.frames; frame++) await hear(frame);
  }
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
