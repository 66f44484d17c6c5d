// CRC-32 (polynomial 0x04C11DB7, reflected; the one of zip and PNG), which packed files use to notice damage.
// Sixteen bytes a step: table j holds what a byte does to the remainder when j more bytes follow it.

const STEP = 16;
const POLYNOMIAL = 0xedb88320;

const tables = Array.from({ length: STEP }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  tables[0][byte] = remainder;
}
for (let j = 1; j < STEP; j++)
  for (let byte = 0; byte < 256; byte++) {
    const before = tables[j - 1][byte];
    tables[j][byte] = (before >>> 8) ^ tables[0][before & 255];
  }
const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables;

/**
 * The checksum of some bytes, 0 … 2³² − 1.
 * @param before checksum of the bytes in front of these, to go on from
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.length < 2 * STEP) return ~single(bytes, 0, bytes.length, ~before) >>> 0;
  const aligned = -bytes.byteOffset & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, (bytes.length - aligned) >> 2);
  let remainder = single(bytes, 0, aligned, ~before);
  const whole = words.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const a = words[i] ^ remainder;
    const b = words[i + 1];
    const c = words[i + 2];
    const d = words[i + 3];
    remainder =
      t15[a & 255] ^
      t14[(a >>> 8) & 255] ^
      t13[(a >>> 16) & 255] ^
      t12[a >>> 24] ^
      t11[b & 255] ^
      t10[(b >>> 8) & 255] ^
      t9[(b >>> 16) & 255] ^
      t8[b >>> 24] ^
      t7[c & 255] ^
      t6[(c >>> 8) & 255] ^
      t5[(c >>> 16) & 255] ^
      t4[c >>> 24] ^
      t3[d & 255] ^
      t2[(d >>> 8) & 255] ^
      t1[(d >>> 16) & 255] ^
      t0[d >>> 24];
  }
  return ~single(bytes, aligned + whole * 4, bytes.length, remainder) >>> 0;
}

/** A byte at a time: what lies before the first whole word and after the last step. */
function single(bytes: Uint8Array, from: number, to: number, start: number): number {
  let remainder = start;
  for (let i = from; i < to; i++) remainder = (remainder >>> 8) ^ t0[(remainder ^ bytes[i]) & 255];
  return remainder;
}
