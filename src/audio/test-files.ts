// WAV and FLAC files made to order for the tests of this folder. The writers know only as much of the formats as
// the tests ask for, and lie where they are told to.

export interface WavOptions {
  /** Format tag: 1 integers, 3 floats, 6 A-law, 7 µ-law. */
  tag?: number;
  bits?: number;
  channels?: number;
  sampleRate?: number;
  blockAlign?: number;
  /** The sound, already encoded. */
  data?: Uint8Array;
  /** What the data chunk says its size is. */
  dataSize?: number;
  riffSize?: number;
  container?: "RIFF" | "RIFX" | "RF64";
  extensible?: boolean;
  /** Chunks before the sound and after it: id and content. */
  before?: [id: string, content: Uint8Array][];
  after?: [id: string, content: Uint8Array][];
}

/** A WAV file; by default of 16-bit mono at 16 kHz. */
export function wavFile(options: WavOptions = {}): Uint8Array {
  const {
    tag = 1,
    bits = 16,
    channels = 1,
    sampleRate = 16_000,
    container = "RIFF",
    extensible = false,
  } = options;
  const { data = new Uint8Array(0), before = [], after = [] } = options;
  const little = container !== "RIFX";
  const blockAlign = options.blockAlign ?? (channels * bits) / 8;
  const rf64 = container === "RF64";
  const dataSize = options.dataSize ?? (rf64 ? 0xffff_ffff : data.length);
  const u16 = (value: number) => number(2, (view) => view.setUint16(0, value, little));
  const u32 = (value: number) => number(4, (view) => view.setUint32(0, value, little));
  const u64 = (value: number) => number(8, (view) => view.setBigUint64(0, BigInt(value), little));
  const chunk = (id: string, content: Uint8Array, size = content.length) =>
    join(ascii(id), u32(size), content, new Uint8Array(content.length & 1));

  const format = [
    u16(extensible ? 0xfffe : tag),
    u16(channels),
    u32(sampleRate),
    u32(sampleRate * blockAlign),
  ];
  format.push(u16(blockAlign), u16(bits));
  if (extensible) format.push(u16(22), u16(bits), u32(0), u16(tag), new Uint8Array(14));
  const body = join(
    ascii("WAVE"),
    rf64 ? chunk("ds64", join(u64(0), u64(data.length), u64(0), u32(0))) : new Uint8Array(0),
    ...before.map(([id, content]) => chunk(id, content)),
    chunk("fmt ", join(...format)),
    chunk("data", data, dataSize),
    ...after.map(([id, content]) => chunk(id, content)),
  );
  return join(ascii(container), u32(options.riffSize ?? (rf64 ? 0xffff_ffff : body.length)), body);
}

/** 16-bit samples as bytes. */
export function int16(values: readonly number[], little = true): Uint8Array {
  return join(...values.map((value) => number(2, (view) => view.setInt16(0, value, little))));
}

export type Subframe = "constant" | "verbatim" | "fixed" | "linear";

export interface FlacOptions {
  sampleRate?: number;
  bits?: number;
  blockSize?: number;
  subframe?: Subframe;
  /** What the subframes say their type is. */
  type?: number;
  /** Low bits of every sample that are zero and left out. */
  wasted?: number;
  /** The second of two channels is written as a difference: 8 left and side, 9 side and right, 10 mid and side. */
  assignment?: number;
  /** Samples in the header; 0 for unknown. */
  total?: number;
  /** Metadata after STREAMINFO. */
  padding?: number;
}

/** A FLAC file of the given channels of integers. */
export function flacFile(channels: readonly number[][], options: FlacOptions = {}): Uint8Array {
  const {
    sampleRate = 16_000,
    bits = 16,
    blockSize = 192,
    padding = 0,
    total = channels[0].length,
  } = options;
  const header = new BitWriter();
  header
    .write(0x664c_6143, 32)
    .write(padding ? 0 : 0x80, 8)
    .write(34, 24)
    .write(blockSize, 16)
    .write(blockSize, 16);
  header
    .write(0, 48)
    .write(sampleRate, 20)
    .write(channels.length - 1, 3)
    .write(bits - 1, 5)
    .write(total, 36);
  for (let i = 0; i < 4; i++) header.write(0, 32); // no MD5
  if (padding) header.write(0x81, 8).write(padding, 24);
  const frames = Array.from({ length: Math.ceil(channels[0].length / blockSize) }, (_, index) => {
    const block = channels.map((channel) => channel.slice(index * blockSize, (index + 1) * blockSize));
    return flacFrame(block, index, options);
  });
  return join(header.bytes(), new Uint8Array(padding), ...frames);
}

const DEPTH_CODES: Record<number, number> = { 8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7 };

function flacFrame(channels: readonly number[][], index: number, options: FlacOptions): Uint8Array {
  const { bits = 16, assignment = channels.length - 1 } = options;
  const out = new BitWriter();
  out.write(0xfff8, 16).write(0x70, 8); // block size in 16 bits; rate as in STREAMINFO
  out
    .write(assignment, 4)
    .write(DEPTH_CODES[bits] ?? 0, 3)
    .write(0, 1);
  if (index < 0x80) out.write(index, 8);
  else out.write(0xc0 | (index >> 6), 8).write(0x80 | (index & 63), 8);
  out.write(channels[0].length - 1, 16).write(crc(out.bytes(), 0x07, 8), 8);
  decorrelate(channels, assignment).forEach((samples, channel) => {
    const side = assignment === 9 ? 0 : 1;
    writeSubframe(out, samples, assignment >= 8 && channel === side ? bits + 1 : bits, options);
  });
  const bytes = out.bytes();
  return join(
    bytes,
    number(2, (view) => view.setUint16(0, crc(bytes, 0x8005, 16))),
  );
}

function decorrelate(channels: readonly number[][], assignment: number): readonly number[][] {
  const [left, right] = channels;
  if (assignment < 8) return channels;
  const side = left.map((value, i) => value - right[i]);
  if (assignment === 8) return [left, side];
  if (assignment === 9) return [side, right];
  return [left.map((value, i) => Math.floor((value + right[i]) / 2)), side];
}

function writeSubframe(out: BitWriter, values: readonly number[], depth: number, options: FlacOptions): void {
  const { subframe = "verbatim", wasted = 0 } = options;
  const order = Math.min(2, values.length);
  const types: Record<Subframe, number> = { constant: 0, verbatim: 1, fixed: 8 + order, linear: 31 + order };
  const width = depth - wasted;
  const samples = values.map((value) => value / 2 ** wasted);
  out.write(options.type ?? types[subframe], 7).write(wasted > 0 ? 1 : 0, 1);
  if (wasted > 0) out.write(1, wasted); // unary: zeros, then a one
  const plain = { constant: 1, verbatim: samples.length, fixed: order, linear: order }[subframe];
  for (const sample of samples.slice(0, plain)) out.write(sample, width);
  if (subframe === "constant" || subframe === "verbatim") return;
  // Both predict 2·s[i−1] − s[i−2]: the linear one with coefficients 8 and −4 of 5 bits and a shift of 2.
  if (subframe === "linear")
    out
      .write(4, 4)
      .write(2, 5)
      .write(order === 2 ? 8 : 4, 5)
      .write(-4, order === 2 ? 5 : 0);
  const k = 5;
  out.write(0, 2).write(0, 4).write(k, 4);
  for (let i = order; i < samples.length; i++) {
    const residual = samples[i] - (order === 2 ? 2 * samples[i - 1] - samples[i - 2] : samples[i - 1]);
    const zigzag = residual < 0 ? -2 * residual - 1 : 2 * residual;
    for (let zeros = Math.floor(zigzag / 2 ** k); zeros > 0; zeros--) out.write(0, 1);
    out.write(1, 1).write(zigzag % 2 ** k, k);
  }
}

class BitWriter {
  readonly #bits: number[] = [];

  write(value: number, width: number): this {
    for (let bit = width - 1; bit >= 0; bit--) this.#bits.push(Math.abs(Math.floor(value / 2 ** bit) % 2));
    return this;
  }

  /** Everything so far, filled up with zeros to whole bytes. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8));
    this.#bits.forEach((bit, i) => void (bytes[i >> 3] |= bit << (7 - (i & 7))));
    return bytes;
  }
}

/** Bit by bit, unlike the table in the reader. */
function crc(bytes: Uint8Array, polynomial: number, width: number): number {
  let sum = 0;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (sum >> (width - 1)) ^ ((byte >> bit) & 1);
      sum = ((sum << 1) ^ (carry ? polynomial : 0)) & (2 ** width - 1);
    }
  return sum;
}

function number(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function join(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
