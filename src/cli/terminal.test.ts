import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { byteSize, columns, duration, makeTerminal } from "./terminal.ts";

/** A stream that keeps what is written to it. */
function sink(isTTY: boolean) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY, columns: 60, written });
}

test("a bar is drawn for people only, says how far it is, and goes away", () => {
  const [out, piped, watched] = [sink(false), sink(false), sink(true)];
  makeTerminal(out, piped, {}).progress("x").update(1, 2);
  assert.deepEqual(piped.written, []);
  const bar = makeTerminal(out, watched, {}).progress("clip.wav");
  bar.update(1, 2);
  bar.update(2, 2, "converting");
  bar.end();
  const [half, all, end] = watched.written;
  assert.match(half, /clip\.wav {2}█{12}░{12} {2}50 %/);
  assert.match(all, /converting {2}█{24} 100 %/);
  assert.equal(end, "\r\x1b[K");
  assert.ok(half.length <= 60 + 4);
  assert.deepEqual(out.written, []);
});

test("colours are for terminals, unless they are refused or wanted", () => {
  const bold = (tty: boolean, environment: NodeJS.ProcessEnv) =>
    makeTerminal(sink(tty), sink(tty), environment).bold("x") !== "x";
  assert.deepEqual([bold(true, {}), bold(false, {})], [true, false]);
  assert.deepEqual([bold(true, { NO_COLOR: "1" }), bold(true, { TERM: "dumb" })], [false, false]);
  assert.deepEqual([bold(false, { FORCE_COLOR: "1" }), bold(false, { FORCE_COLOR: "0" })], [true, false]);
});

test("results and notes go different ways", () => {
  const [out, err] = [sink(false), sink(false)];
  const terminal = makeTerminal(out, err, {});
  terminal.out("a");
  terminal.note("b");
  assert.deepEqual([out.written, err.written], [["a\n"], ["b\n"]]);
});

test("sizes and times are said as people say them", () => {
  assert.deepEqual([0, 999, 27_851_736, 3e12].map(byteSize), ["0 B", "999 B", "27.9 MB", "3000.0 GB"]);
  assert.deepEqual([4.4, 130].map(duration), ["4 s", "2 min 10 s"]);
});

test("columns line up, numbers to the right", () => {
  assert.deepEqual(
    columns([
      ["a", 5, "x"],
      ["long", 15, ""],
    ]),
    ["a      5  x", "long  15"],
  );
});
