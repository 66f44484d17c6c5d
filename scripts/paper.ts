// The founding paper's table for real models: docs/paper.md, from rows that docs/paper.json keeps, so that a run that
// was interrupted goes on where it ended.
//   node scripts/paper.ts [--data ../shared/data] [--only DNN_S,moonshine-tiny] [--anew] [--limit N]
// With --limit, a trial: so many clips, and nothing is written.

import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_MODEL } from "../src/cli/options.ts";
import { makeTerminal } from "../src/cli/terminal.ts";
import { recordingsIn, writeAtomically } from "../src/host/index.ts";
import { figure } from "./paper/figure.ts";
import { keywordSubjects } from "./paper/keywords.ts";
import { page, type Rows } from "./paper/page.ts";
import { recogniserSubject } from "./paper/recogniser.ts";
import { type Row, type Scheme, schemes } from "./paper/row.ts";

const docs = join(import.meta.dirname, "../docs");
const keywordModels = ["DNN", "CNN", "DS_CNN", "Basic_LSTM", "LSTM", "GRU", "CRNN"].flatMap((family) => [
  `${family}_S`,
  `${family}_M`,
]);

const { values } = parseArgs({
  options: {
    data: { type: "string", default: join(import.meta.dirname, "../../shared/data") },
    only: { type: "string" },
    anew: { type: "boolean", default: false },
    limit: { type: "string" },
  },
});
const { data, only, anew } = values;
const limit = values.limit === undefined ? undefined : Number(values.limit);
const wanted = only?.split(",");
const terminal = makeTerminal(process.stdout, process.stderr, process.env);

interface Kept {
  measured: string;
  testClips: number;
  calibrationClips: number;
  rows: Record<string, Partial<Record<Scheme, Row>>>;
}

const json = join(docs, "paper.json");
const sets = { test: join(data, "gsc_v2_test_dev"), calibration: join(data, "gsc_v1_calib") };
const countOf = async (folder: string) => (await recordingsIn(folder)).flat().length;
const now = `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0].model.trim()}, Node ${process.version}, one thread.`;
const known: Kept | undefined =
  existsSync(json) && limit === undefined ? JSON.parse(readFileSync(json, "utf8")) : undefined;
const kept: Kept = {
  measured: known?.measured ?? now,
  testClips: await countOf(sets.test),
  calibrationClips: await countOf(sets.calibration),
  rows: known?.rows ?? {},
};

const subjects = [
  ...(await keywordSubjects(keywordModels, { models: join(data, "arm_kws_pb"), ...sets, limit })),
  recogniserSubject(DEFAULT_MODEL, {
    test: join(data, "librispeech_test_other_dev"),
    calibration: (await recordingsIn(join(data, "librispeech_calib"))).flat(),
    limit,
  }),
];
for (const { name, rows } of subjects) {
  const own = { ...kept.rows[name] };
  kept.rows[name] = own;
  if (wanted && !wanted.includes(name)) continue;
  for (const scheme of schemes) {
    const make = rows[scheme];
    if (!make || (own[scheme] && !anew)) continue;
    const bar = terminal.progress(`${name}, ${scheme}`);
    const row = await make((done, total, what) => bar.update(done, total, `${name}, ${scheme}: ${what}`));
    bar.end();
    own[scheme] = row;
    kept.measured = now;
    const { value, fileBytes, rtf } = row;
    terminal.note(
      `${name.padEnd(14)} ${scheme.padEnd(10)} ${value.toFixed(2)} %  ${fileBytes} bytes  RTF ${rtf.toFixed(5)}`,
    );
    if (limit === undefined) await write();
  }
}
if (limit === undefined) await write();

/** In the order of the subjects, whatever order they were made in. */
async function write(): Promise<void> {
  const ordered: Rows = Object.fromEntries(
    subjects.flatMap(({ name }) => {
      const own = kept.rows[name];
      return own && Object.keys(own).length > 0
        ? [
            [
              name,
              Object.fromEntries(schemes.flatMap((scheme) => (own[scheme] ? [[scheme, own[scheme]]] : []))),
            ],
          ]
        : [];
    }),
  );
  const bytes = (text: string) => new TextEncoder().encode(text);
  await writeAtomically(json, bytes(`${JSON.stringify({ ...kept, rows: ordered }, null, 2)}\n`));
  await writeAtomically(join(docs, "paper.svg"), bytes(figure(ordered)));
  await writeAtomically(join(docs, "paper.md"), bytes(page(ordered, kept)));
}
