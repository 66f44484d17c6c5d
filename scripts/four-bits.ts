// A recogniser with its weights on 4 bits: listens to recordings to learn what its products are multiplied with, then
// rounds by that. No recording needs a label, and none may be one that the result is judged by.
// A few matrices, those whose results suffer most on the recordings, stay as they are: `spare`, a share of the weights.
//   node scripts/four-bits.ts model.ovx recordings/ out.ovx [block] [spare]

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeAudio, Recognizer, toMono16k } from "../src/index.ts";
import { readOvx, writeOvx } from "../src/model/ovx.ts";
import { quantizeWeights } from "../src/quantize/four-bits.ts";
import { InputMoments } from "../src/quantize/moments.ts";

const [input, folder, output, block = "64", spare = "0.05"] = process.argv.slice(2);
if (!output) throw new Error("node scripts/four-bits.ts model.ovx recordings/ out.ovx [block] [spare]");

const bytes = new Uint8Array(await readFile(input));
const moments = new InputMoments();
{
  await using recognizer = await Recognizer.load(bytes, { observe: moments });
  const files = (await readdir(folder)).filter((name) => /\.(wav|flac)$/i.test(name)).sort();
  for (const [i, file] of files.entries()) {
    await recognizer.transcribe(toMono16k(await decodeAudio(await readFile(join(folder, file)))));
    process.stderr.write(`\rlistening ${i + 1}/${files.length} `);
  }
}
const model = quantizeWeights(readOvx(bytes), {
  bits: 4,
  block: Number(block),
  spare: Number(spare),
  moments,
  onProgress: ({ done, total }) => process.stderr.write(`\rrounding ${done + 1}/${total}    `),
});
const packed = writeOvx(model);
await writeFile(output, packed);
const less = (100 * (1 - packed.length / bytes.length)).toFixed(1);
process.stderr.write(`\n${output}: ${packed.length} bytes, ${less} % smaller\n`);
