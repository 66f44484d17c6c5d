import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "./choice.ts";
import { type Clock, playLive, playRecorded, playSlowed, quantile, slowdownOfFirstLoss } from "./realtime.ts";

/** Frames of 1 s, two of which the buffer holds. */
const pace = { frameSeconds: 1, capacity: 2 };

test("frames that are processed in time wait for nothing and none is lost", () => {
  const { lost, latencies, processingSeconds, audioSeconds } = playRecorded([0.5, 0.25, 1], pace);
  assert.deepEqual([lost, latencies], [[], [0.5, 0.25, 1]]);
  assert.deepEqual([processingSeconds, audioSeconds], [1.75, 3]);
});

test("a slow frame makes the next ones wait, and what finds the buffer full is lost", () => {
  // Frame 0 is at work from 1 s to 5.5 s. Frames 1 and 2 wait since 2 s and 3 s; 3 and 4, at 4 s and 5 s, find no place.
  const { lost, latencies, filling } = playRecorded([4.5, 0.25, 0.25, 1, 1, 0.5], pace);
  assert.deepEqual(lost, [4, 5]);
  assert.deepEqual(latencies, [4.5, 3.75, 3, 0.5]);
  assert.deepEqual(
    filling.map(({ time, waiting }) => [time, waiting]),
    [
      ...[
        [0, 0],
        [1, 0],
      ],
      ...[
        [2, 1],
        [3, 2],
        [4, 2],
        [5, 2],
      ],
      ...[
        [5.5, 1],
        [5.75, 0],
        [6, 0],
      ],
    ],
  );
});

test("the first frame is lost where the slowdown says, and not a little before", () => {
  const random = seeded(4);
  const times = Array.from({ length: 200 }, () => random() ** 4);
  const slow = slowdownOfFirstLoss(times, pace);
  assert.ok(playRecorded(times, pace, slow).lost.length > 0);
  assert.deepEqual(playRecorded(times, pace, slow / 1.001).lost, []);
});

test("equal frames are lost as soon as they take longer than they last, if there are enough of them", () => {
  const slow = slowdownOfFirstLoss(new Array(10_000).fill(0.25), pace);
  assert.ok(Math.abs(slow - 4) < 0.01, `${slow}`);
  assert.equal(slowdownOfFirstLoss([1, 1, 1], pace), Number.POSITIVE_INFINITY);
  assert.equal(slowdownOfFirstLoss(new Array(100).fill(0), pace), Number.POSITIVE_INFINITY);
});

/** A clock that only moves when it is waited for, or work is done. */
function stepping(): Clock & { work(seconds: number): Promise<void> } {
  let time = 0;
  return {
    now: () => time,
    wait: async (until) => {
      time = Math.max(time, until);
    },
    work: async (seconds) => {
      time += seconds;
    },
  };
}

test("on a clock that runs the same happens as on recorded times", async () => {
  const times = [4.5, 0.25, 0.25, 1, 1, 0.5, 0.125];
  for (const slow of [1, 2, 0.5 + 0.75]) {
    const clock = stepping();
    const processed: number[] = [];
    const played = await playLive(
      async (frame) => {
        processed.push(frame);
        await clock.work(times[frame]);
      },
      { ...pace, frames: times.length, clock, slow },
    );
    assert.deepEqual(played, playRecorded(times, pace, slow));
    assert.equal(processed.length + played.lost.length, times.length);
  }
});

test("slower and slower, latencies grow and then frames are lost", () => {
  const [fast, edge, slow] = playSlowed(new Array(100).fill(0.5), pace, [1, 2, 8]);
  assert.deepEqual(fast, { slow: 1, median: 0.5, p99: 0.5, lostShare: 0 });
  assert.deepEqual(edge, { slow: 2, median: 1, p99: 1, lostShare: 0 });
  assert.ok(
    slow.median > 4 && slow.p99 <= 12 && Math.abs(slow.lostShare - 0.75) < 0.03,
    JSON.stringify(slow),
  );
});

test("quantiles are values that occur", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual(
    [0.5, 0.99, 1, 0].map((share) => quantile(values, share)),
    [50, 99, 100, 1],
  );
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
