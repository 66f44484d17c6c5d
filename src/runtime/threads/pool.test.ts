import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { allFamilies } from "../../kernels/families/all.ts";
import type { KernelFunctions, KernelName } from "../../kernels/functions.ts";
import { packPanels, panelBytes } from "../../kernels/layout.ts";
import { type KernelSetName, loadKernels } from "../../kernels/load.ts";
import { core } from "../families/core.ts";
import { families } from "../families.ts";
import { firstDifference } from "../verify.ts";
import { Board } from "./board.ts";
import { checkThreads } from "./count.ts";
import { ThreadPool } from "./pool.ts";
import { partsOf, splitting } from "./split.ts";
import { splits } from "./splits.ts";
import type { StartThread } from "./start.ts";

type Kernel = (...all: readonly number[]) => void;

const all = [core, ...(await Promise.all(families.map(({ load }) => load())))];
const trials = all.flatMap((family) => family.trials);
const shared = () => new WebAssembly.Memory({ initial: 64, maximum: 1024, shared: true });

async function kernelsOn(memory: WebAssembly.Memory, force: KernelSetName = "simd") {
  const { functions: kernels, module } = await loadKernels({ families: allFamilies, memory, force });
  return { memory, kernels, module };
}

/** Bytes that look like nothing in particular. */
function fill(memory: WebAssembly.Memory, start: number, bytes: number): void {
  const view = new Uint8Array(memory.buffer, start, bytes);
  for (let i = 0, x = 7; i < bytes; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    view[i] = (x >>> 16) & 0x3f; // Small floats too, none of them infinite.
  }
}

const [A, B, C, SUMS, SCALES] = [0x1000, 0x40000, 0x100000, 0x200000, 0x210000];

/** The product's result as bytes. */
function product(kernels: KernelFunctions, memory: WebAssembly.Memory, [m, n, k]: readonly number[]) {
  new Uint8Array(memory.buffer, C, m * n * 4).fill(0);
  const columns = [SUMS, SCALES, SCALES, 0.5, SUMS, SCALES] as const;
  kernels.matmul_u8s8_f32(
    A,
    k,
    B,
    C,
    n * 4,
    m,
    n,
    k,
    3,
    columns[0],
    columns[1],
    SUMS,
    0.5,
    columns[4],
    SCALES,
  );
  return Buffer.from(new Uint8Array(memory.buffer, C, m * n * 4).slice());
}

function fillAll(memory: WebAssembly.Memory, [m, n, k]: readonly number[]): void {
  fill(memory, A, m * k);
  const packed = packPanels(
    Int8Array.from({ length: k * n }, (_, i) => ((i * 37) % 255) - 127),
    k,
    n,
  );
  new Int8Array(memory.buffer, B, panelBytes(k, n)).set(packed);
  for (const at of [SUMS, SCALES]) fill(memory, at, 8192);
}

test("every kernel that is cut gives, part by part, what it gives whole", async () => {
  const memory = shared();
  const { kernels } = await kernelsOn(memory);
  const cut = new Set<KernelName>();
  for (const most of [1, 2, 3, 4, 7]) {
    const inParts = splitting(kernels, (name, _, parts) => {
      const calls = parts(most);
      if (calls.length > 1) cut.add(name);
      for (const all of calls) (kernels[name] as Kernel)(...all);
    });
    assert.equal(firstDifference(inParts, memory, trials), undefined, `${most} parts`);
  }
  assert.deepEqual(
    Object.keys(splits).filter((name) => !cut.has(name as KernelName)),
    [],
    "kernels that no trial is large enough to cut",
  );
});

test("a product cut along rows or columns has the same bits", async () => {
  const memory = shared();
  const { kernels } = await kernelsOn(memory);
  for (const size of [
    [1, 700, 21],
    [5, 193, 64],
    [50, 33, 40],
    [13, 96, 7],
  ]) {
    fillAll(memory, size);
    const whole = product(kernels, memory, size);
    for (const most of [2, 3, 12]) {
      let parts = 0;
      const inParts = splitting(kernels, (name, _, cut) => {
        for (const all of cut(most)) {
          parts++;
          (kernels[name] as Kernel)(...all);
        }
      });
      assert.ok(product(inParts, memory, size).equals(whole), `${size} in ${most}`);
      assert.ok(parts > 1, `${size} was not cut`);
    }
  }
});

test("parts cover a call once, in whole grains", () => {
  const all = [64, 21, 4096, 8192, 2800, 1, 700, 21, 3, 100, 0, 300, 0.5, 500, 0];
  const parts = partsOf(splits.matmul_u8s8_f32!, all, 3);
  assert.equal(
    parts.reduce((sum, part) => sum + part[6], 0),
    700,
  );
  assert.ok(parts.slice(0, -1).every((part) => part[6] % 8 === 0));
  assert.ok(
    parts.every((part) => part[10] === 0 && part[14] === 0),
    "what is not given is not moved",
  );
});

for (const threads of [2, 3, 4])
  test(`${threads} threads compute what one does, job after job`, async () => {
    const memory = shared();
    const own = await kernelsOn(memory);
    const pool = new ThreadPool({ ...own, threads, worthSharing: 0 });
    try {
      assert.equal(pool.size, threads);
      const size = [96, 200, 64] as const;
      fillAll(memory, size);
      const whole = product(own.kernels, memory, size);
      // The threads come in while this goes on; the first jobs are done without them.
      for (let round = 0; round < 300; round++) {
        assert.ok(product(pool.kernels, memory, size).equals(whole), `round ${round}`);
        if (round % 50 === 0) await setTimeout(20);
      }
      assert.equal(firstDifference(pool.kernels, memory, trials), undefined);
    } finally {
      await pool.dispose();
    }
    assert.equal(pool.size, 1);
    const size = [24, 16, 8] as const;
    fillAll(memory, size);
    assert.ok(product(pool.kernels, memory, size).length > 0, "kernels go on without threads");
  });

test("threads do take parts", async () => {
  const own = await kernelsOn(shared());
  const pool = new ThreadPool({ ...own, threads: 2, worthSharing: 0 });
  Object.assign(pool, { own: [...Object.keys(splits)].map(() => () => {}) });
  try {
    // The session's own kernels do nothing now: what is written, the thread wrote.
    const size = [960, 200, 64] as const;
    fillAll(own.memory, size);
    let written = false;
    for (let round = 0; round < 200 && !written; round++) {
      written = product(pool.kernels, own.memory, size).some((byte) => byte !== 0);
      await setTimeout(5);
    }
    assert.ok(written);
  } finally {
    await pool.dispose();
  }
});

/** A thread that takes a part and is never heard of again. */
const dying: StartThread = () => ({ terminate() {} });

test("a thread that is lost with a part of a job is an error, and the pool goes on without threads", async () => {
  const own = await kernelsOn(shared());
  const pool = new ThreadPool({ ...own, threads: 2, worthSharing: 0, patience: 50, start: dying });
  const size = [96, 64, 16] as const;
  fillAll(own.memory, size);
  const whole = product(own.kernels, own.memory, size);
  // Takes a part at the moment the job is up, as a thread would.
  const post = Board.prototype.post;
  Board.prototype.post = function (this: Board, ...job) {
    post.apply(this, job);
    this.take();
  };
  try {
    assert.throws(() => product(pool.kernels, own.memory, size), {
      code: "host",
      message: /a thread was lost/,
    });
  } finally {
    Board.prototype.post = post;
  }
  assert.match(pool.notice!, /lost/);
  await pool.mend();
  assert.equal(pool.size, 1);
  assert.ok(product(pool.kernels, own.memory, size).equals(whole));
});

test("a thread that cannot start is said so, and does not matter", async () => {
  const own = await kernelsOn(shared());
  const lost: StartThread = (_, onLost) => {
    onLost("its file could not be loaded");
    return { terminate() {} };
  };
  const pool = new ThreadPool({ ...own, threads: 2, worthSharing: 0, start: lost });
  const size = [96, 64, 16] as const;
  fillAll(own.memory, size);
  assert.ok(product(pool.kernels, own.memory, size).equals(product(own.kernels, own.memory, size)));
  assert.equal(pool.notice, "a thread ended: its file could not be loaded");
  await pool.dispose();
});

test("a number of threads is a whole one from 1 to 64", () => {
  assert.equal(checkThreads(64), 64);
  for (const threads of [0, -1, 1000, 1.5, Number.NaN, "2" as unknown as number])
    assert.throws(() => checkThreads(threads), { code: "argument", message: /threads/ });
});

test("pages that are not isolated have one thread", () => {
  Object.defineProperty(globalThis, "crossOriginIsolated", { value: false, configurable: true });
  try {
    assert.equal(checkThreads(4), 1);
  } finally {
    Reflect.deleteProperty(globalThis, "crossOriginIsolated");
  }
});
