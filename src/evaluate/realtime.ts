// Audio at its own pace into a bounded buffer, as on a device: a frame arrives every so often whether or not the
// program keeps up; one that finds the buffer full is lost. How late frames are, how many are lost, and how much
// slower the machine might be before the first one is. Times in seconds.

/** The device's side. */
export interface Pace {
  /** Frames of audio that arrive, one after the other. */
  frames: number;
  /** Seconds of audio in a frame: frame i is complete, and arrives, at (i + 1)·frameSeconds. */
  frameSeconds: number;
  /** Frames that the buffer holds; the one being processed has left it. */
  capacity: number;
}

/** Frames waiting in the buffer from a moment on. */
export interface Filling {
  time: number;
  waiting: number;
}

export interface Played {
  frames: number;
  /** When frames were lost, the first one first. */
  lost: number[];
  /** From a frame's arrival to the end of its processing, of the frames that were processed. */
  latencies: number[];
  /** How full the buffer was, at every change. */
  filling: Filling[];
  audioSeconds: number;
  processingSeconds: number;
}

/** What a player asks for; it is told the time at which that is done. */
type Request = { until: number } | { frame: number };

/** The program's side: takes the oldest frame, processes it, and waits when there is none. The clock starts at 0. */
function* player({ frames, frameSeconds, capacity }: Pace): Generator<Request, Played, number> {
  const played: Played = {
    ...{ frames, lost: [], latencies: [], filling: [{ time: 0, waiting: 0 }] },
    ...{ audioSeconds: frames * frameSeconds, processingSeconds: 0 },
  };
  const queue: number[] = [];
  const { filling } = played;
  const note = (time: number): void => {
    // Of one moment counts what is left at its end.
    if (filling.at(-1)?.time === time) filling.pop();
    filling.push({ time, waiting: queue.length });
  };
  const arrival = (frame: number): number => (frame + 1) * frameSeconds;
  let [now, next] = [0, 0];
  while (next < frames || queue.length > 0) {
    for (; next < frames && arrival(next) <= now; next++) {
      if (queue.length < capacity) queue.push(next);
      else played.lost.push(arrival(next));
      note(arrival(next));
    }
    const frame = queue.shift();
    if (frame === undefined) {
      now = yield { until: arrival(next) };
      continue;
    }
    note(now);
    const done = yield { frame };
    played.processingSeconds += done - now;
    played.latencies.push(done - arrival(frame));
    now = done;
  }
  return played;
}

/**
 * On a virtual clock: takes no time itself.
 * @param times seconds that each frame's processing takes
 * @param slow all of them take so many times as long
 */
export function playRecorded(times: readonly number[], pace: Omit<Pace, "frames">, slow = 1): Played {
  const playing = player({ ...pace, frames: times.length });
  let now = 0;
  for (let step = playing.next(now); ; step = playing.next(now)) {
    if (step.done) return step.value;
    const request = step.value;
    now = "until" in request ? request.until : now + times[request.frame] * slow;
  }
}

/** A clock that can be waited for; seconds from its start. */
export interface Clock {
  now(): number;
  wait(until: number): Promise<void>;
}

/**
 * On a clock that runs: each frame is really processed, and takes `slow` times as long, the rest of it waited for.
 * @throws what `process` and the clock throw
 */
export async function playLive(
  process: (frame: number) => Promise<void>,
  { clock, slow = 1, ...pace }: Pace & { clock: Clock; slow?: number | undefined },
): Promise<Played> {
  const playing = player(pace);
  for (let step = playing.next(0); ; step = playing.next(clock.now())) {
    if (step.done) return step.value;
    const request = step.value;
    if ("until" in request) await clock.wait(request.until);
    else {
      const started = clock.now();
      await process(request.frame);
      await clock.wait(started + (clock.now() - started) * slow);
    }
  }
}

/** Slower than this is not looked for. */
const SLOWEST = 2 ** 30;

/**
 * The slowdown from which on a frame is lost: with a little less, to three digits, none is. Infinity when frames take
 * no time or all fit the buffer.
 */
export function slowdownOfFirstLoss(times: readonly number[], pace: Omit<Pace, "frames">): number {
  const loses = (slow: number): boolean => playRecorded(times, pace, slow).lost.length > 0;
  if (!loses(SLOWEST)) return Number.POSITIVE_INFINITY;
  let [low, high] = [1 / SLOWEST, SLOWEST];
  // Halves the ratio of the two each time.
  while (high / low > 1.0005) {
    const middle = Math.sqrt(low * high);
    if (loses(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** What a slowdown does: latencies in seconds, and the share of frames that are lost. */
export interface Slowed {
  slow: number;
  median: number;
  p99: number;
  lostShare: number;
}

/** Plays the same frames at several slowdowns. */
export function playSlowed(
  times: readonly number[],
  pace: Omit<Pace, "frames">,
  slowdowns: readonly number[],
): Slowed[] {
  return slowdowns.map((slow) => {
    const { latencies, lost, frames } = playRecorded(times, pace, slow);
    const [median, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
    return { slow, median, p99, lostShare: lost.length / frames };
  });
}

/** The smallest value that a share of all do not exceed; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
