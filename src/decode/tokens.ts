// Tokens → text, for vocabularies of the SentencePiece kind: "▁" stands for a space before a word, and bytes that
// no piece covers are written as pieces of their own (`<0xE2>`).

const SPACE = "\u2581";
const byteName = /^<0x([0-9A-Fa-f]{2})>$/;
const controlName = /^<.*>$/;

/** What a token contributes: bytes of UTF-8, or nothing. */
type Piece = Uint8Array | undefined;

export class Vocabulary {
  readonly size: number;
  private readonly names: readonly string[];
  private readonly pieces = new Map<number, Piece>();
  private readonly encoder = new TextEncoder();

  /** @param names the piece of each token; tokens beyond the list and pieces in angle brackets are control tokens */
  constructor(names: readonly string[]) {
    this.names = names;
    this.size = names.length;
  }

  /**
   * The text of a sequence of tokens; control tokens add nothing, bytes that are not UTF-8 become U+FFFD.
   * The space before the first word is dropped.
   */
  decode(tokens: readonly number[]): string {
    const pieces = tokens.map((token) => this.piece(token)).filter((piece) => piece !== undefined);
    const bytes = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return new TextDecoder().decode(bytes).replace(/^ /, "");
  }

  private piece(token: number): Piece {
    if (!this.pieces.has(token)) this.pieces.set(token, this.parse(this.names[token]));
    return this.pieces.get(token);
  }

  private parse(name: string | undefined): Piece {
    if (name === undefined) return undefined;
    const byte = byteName.exec(name);
    if (byte) return Uint8Array.of(Number.parseInt(byte[1], 16));
    return controlName.test(name) ? undefined : this.encoder.encode(name.replaceAll(SPACE, " "));
  }
}
