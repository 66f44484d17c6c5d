// The rows as a page: three tables of the same shape, a figure, and what the numbers say in sentences.

import { type Bits, type Row, type Scheme, schemes, widths } from "./row.ts";

/** By model, then by scheme. */
export type Rows = Readonly<Record<string, Readonly<Partial<Record<Scheme, Row>>>>>;

export interface Said {
  /** Date and machine. */
  measured: string;
  testClips: number;
  calibrationClips: number;
}

export function page(rows: Rows, { measured, testClips, calibrationClips }: Said): string {
  return `# The paper's table, redone

Alvarez, Prabhavalkar and Bakhtin (*On the efficient representation and execution of deep acoustic models*, 2016) run speech
models that were trained in float on 8 bits and give the errors in columns: *match*, the float model as it was trained, and
*mismatch*, the same weights quantized. Here are these columns for ARM's 14 keyword models and for Moonshine tiny, on 16, 8, 6
and 4 bits, twice: with the article's own scheme (\`quantizeList\`: each matrix over its own range, in recurrent layers each
gate's, rounded to the nearest; what meets a matrix on as many bits of its own range, found as it comes), and with the best
scheme here (\`w16a16\`, \`w8a8\`, \`w6a8\`, \`w4a8\`, each with the method that \`octavox quantize\` takes by itself).
*quant* and *quant-all*, the paper's columns for models that were trained on the grid, need training.

${measured} Accuracy in percent on the ${testClips} clips of \`gsc_v2_test_dev\`, ranges and rounding from the ${calibrationClips}
clips of \`gsc_v1_calib\`, whose words nobody told. Moonshine: word errors in percent on \`librispeech_test_other_dev\`. It is
published on 8 bits, in the paper's form, and not in float; fewer bits are made of those 8. This page is written by
\`node scripts/paper.ts\` from \`docs/paper.json\`, which keeps every row.

## Accuracy

${table(rows, ({ value }) => value.toFixed(2), deltas(rows))}

![Points lost against bits](paper.svg)

${sentences(rows)
  .map((text) => `- ${text}`)
  .join("\n")}

## Size

Of the packed file, in kB. The article's scheme stores 6 bits in a byte, as \`w6a8\` does; scales, biases and the graph itself
(some 20 to 40 kB, which tells in the smallest models) are in it.

${table(rows, ({ fileBytes }) => (fileBytes / 1000).toFixed(0))}

## Real-time factor

Processor time of the network divided by the audio's, in thousandths; features are not counted. 16 bits with a zero point
(\`article 16\`) have no kernel, and run as the floats they stand for.

${table(rows, ({ rtf }) => (1000 * rtf).toFixed(rtf < 0.01 ? 2 : 1))}
`;
}

const headings: readonly string[] = schemes.map((scheme) => scheme);

function table(rows: Rows, cell: (row: Row) => string, last: readonly string[][] = []): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const body = Object.entries(rows).map(([name, own]) =>
    line([name, ...schemes.map((scheme) => (own[scheme] ? cell(own[scheme]) : "–"))]),
  );
  return [
    line(["", ...headings]),
    line(["---", ...headings.map(() => "--:")]),
    ...body,
    ...last.map(line),
  ].join("\n");
}

/** Points of accuracy that a scheme gains (or loses) beside float, of every keyword model that has both. */
export function differences(rows: Rows, scheme: Scheme): { name: string; points: number }[] {
  return Object.entries(rows).flatMap(([name, { match, [scheme]: own }]) =>
    match?.metric === "accuracy" && own ? [{ name, points: own.value - match.value }] : [],
  );
}

const mean = (list: readonly { points: number }[]): number =>
  list.reduce((sum, { points }) => sum + points, 0) / list.length;

const worst = (list: readonly { name: string; points: number }[]) =>
  list.reduce((a, b) => (b.points < a.points ? b : a));

const signed = (points: number): string => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;

function deltas(rows: Rows): string[][] {
  const of = (title: string, value: (list: { name: string; points: number }[]) => number): string[] => [
    `*${title}*`,
    ...schemes.map((scheme) => {
      const list = differences(rows, scheme);
      return scheme === "match" || list.length === 0 ? "" : signed(value(list));
    }),
  ];
  return [of("mean of the keyword models", mean), of("worst of them", (list) => worst(list).points)];
}

function sentences(rows: Rows): string[] {
  const byBits = widths.flatMap((bits: Bits) => {
    const [article, best] = [`article ${bits}` as const, `best ${bits}` as const].map((scheme) =>
      differences(rows, scheme),
    );
    if (article.length === 0 || best.length === 0) return [];
    const say = (list: typeof article): string =>
      `${signed(mean(list))} points on average, ${signed(worst(list).points)} at worst (${worst(list).name})`;
    return [`On ${bits} bits: the article's scheme ${say(article)}; the best here ${say(best)}.`];
  });
  const words = Object.entries(rows).flatMap(([name, own]) => {
    const { "article 8": eight, "article 4": four, "best 4": blocks } = own;
    if (eight?.metric !== "wer" || !four || !blocks) return [];
    const percent = ({ value }: Row): string => `${value.toFixed(1)} %`;
    const smaller = (100 * (1 - blocks.fileBytes / eight.fileBytes)).toFixed(0);
    return [
      `${name}: ${percent(eight)} word errors on the 8 bits it is published with. On 4 bits the article's scheme gives ` +
        `${percent(four)}; blocks of 64 weights rounded by GPTQ, with activations on 8 bits, ${percent(blocks)}, ` +
        `in a file ${smaller} % smaller.`,
    ];
  });
  return [...byBits, ...words];
}
