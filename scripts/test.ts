// Runs the tests: those beside the code and those of test/.
//   node scripts/test.ts [--quick] [part of a path …]      --quick leaves out *.slow.test.ts
// Prints what tests report (`t.diagnostic`), slow files, skipped tests with their reasons, every failure in full,
// and last one line: "N passed, N failed, N skipped".

import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { inspect, parseArgs } from "node:util";

type TestEvent = ReturnType<typeof run> extends AsyncIterable<infer Event> ? Event : never;

/** A test, or a file of them, that takes longer hangs; milliseconds. */
const LONGEST_TEST = 1_800_000;
/** A file that takes longer is named at the end; milliseconds. */
const SLOW_FILE = 10_000;

const root = join(import.meta.dirname, "..");
const { values: options, positionals: parts } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});

const sections = { Reported: [], Slow: [], Skipped: [], Failed: [] } as Record<string, string[]>;
let counts = { tests: 0, passed: 0, skipped: 0, todo: 0 };

function testFiles(): string[] {
  return globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: root })
    .filter((path) => !(options.quick && path.endsWith(".slow.test.ts")))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .sort()
    .map((path) => join(root, path));
}

function place({ file, line }: { file?: string | undefined; line?: number | undefined }): string {
  return file === undefined ? "" : `${relative(root, file)}${line === undefined ? "" : `:${line}`}  `;
}

/** The error as the test threw it, with what was compared, without the test runner's own stack frames. */
function errorText(error: Error): string {
  const text = inspect(error.cause ?? error, { depth: 8 });
  return text.replace(/\n +at [^\n]*\bnode:[^\n{]*/g, "").replace(/^/gm, "    ");
}

function collect({ type, data }: TestEvent): void {
  if (type === "test:stdout" || type === "test:stderr") process.stdout.write(data.message);
  if (type === "test:diagnostic" && data.line !== undefined)
    sections.Reported.push(place({ file: data.file }) + data.message);
  if (type === "test:pass" && data.skip)
    sections.Skipped.push(
      `${place(data)}${data.name}: ${data.skip === true ? "no reason given" : data.skip}`,
    );
  if (type === "test:fail") {
    const error = data.details.error as Error & { failureType?: string };
    if (error.failureType !== "subtestsFailed")
      sections.Failed.push(`${place(data)}${data.name}\n${errorText(error)}\n`);
  }
  if (type !== "test:summary") return;
  if (data.file === undefined) counts = data.counts;
  else if (data.duration_ms > SLOW_FILE)
    sections.Slow.push(`${place(data)}${(data.duration_ms / 1000).toFixed(0)} s`);
}

const files = testFiles();
const started = performance.now();
for await (const event of run({ files, concurrency: availableParallelism(), timeout: LONGEST_TEST }))
  collect(event as TestEvent);
for (const [title, lines] of Object.entries(sections))
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
console.log(`\n${files.length} test files in ${((performance.now() - started) / 1000).toFixed(0)} s`);
const { tests, passed, skipped, todo } = counts;
const failed = tests - passed - skipped - todo;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || passed === 0) process.exitCode = 1;
