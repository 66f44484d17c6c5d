// Bits of a byte array, most significant first: what FLAC frames are written in.

/** Something impossible inside a frame; the caller knows which frame of which file it was. */
export class FrameError extends Error {}

export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** In bits. */
  #at: number;

  /** @param start byte offset to begin at */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#end = bytes.length * 8;
    this.#at = start * 8;
  }

  /** A number of 0 to 32 bits. */
  unsigned(width: number): number {
    const value = width === 0 ? 0 : this.#peek() >>> (32 - width);
    this.#skip(width);
    return value;
  }

  /** A two's complement number of 0 to 48 bits. */
  signed(width: number): number {
    if (width > 32) return this.signed(width - 16) * 2 ** 16 + this.unsigned(16);
    return width === 0 ? 0 : (this.unsigned(width) << (32 - width)) >> (32 - width);
  }

  /** Zeros before the next one; the one is consumed too. */
  unary(): number {
    let zeros = 0;
    for (let word = this.#peek(); word === 0; word = this.#peek()) {
      this.#skip(32);
      zeros += 32;
    }
    const more = Math.clz32(this.#peek());
    this.#skip(more + 1);
    return zeros + more;
  }

  /** `count` Rice numbers with parameter `k` ≤ 30 into `out` from `from` on: zigzag, quotient unary, remainder k bits. */
  rice(out: Float64Array, from: number, count: number, k: number): void {
    for (let i = from; i < from + count; i++) {
      const word = this.#peek();
      const quotient = Math.clz32(word);
      let value: number;
      if (quotient + 1 + k <= 32) {
        // Both parts lie in the word at hand; shifting by 32 in two steps, since `<< 32` shifts by nothing.
        value = (quotient << k) | ((((word << quotient) << 1) >>> 1) >>> (31 - k));
        this.#skip(quotient + 1 + k);
      } else {
        value = this.unary() * 2 ** k + this.unsigned(k);
      }
      out[i] = (value >>> 1) ^ -(value & 1);
    }
  }

  /** The next 32 bits; zeros beyond the end. */
  #peek(): number {
    const at = this.#at >> 3;
    const bit = this.#at & 7;
    const bytes = this.#bytes;
    const word = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    return ((word << bit) | (bytes[at + 4] >> (8 - bit))) >>> 0;
  }

  #skip(width: number): void {
    this.#at += width;
    if (this.#at > this.#end) throw new FrameError("fewer bits than it needs");
  }
}
