// What every engine does in this comparison: load the model, then transcribe clips one at a time on one thread.

export interface Engine {
  load(model: ModelFiles): Promise<void>;
  /** @param samples mono, 16 kHz, at most 30 s */
  transcribe(samples: Float32Array): Promise<Transcribed>;
}

/** The same model in the forms the engines take: files on the disk, or addresses in a page. */
export interface ModelFiles {
  readonly ovx: string;
  readonly encoder: string;
  readonly decoder: string;
}

/** Reads a file or fetches an address. */
export type Read = (path: string) => Promise<Uint8Array>;

export interface Transcribed {
  text: string;
  /** All of it, in milliseconds; the two below are parts of it. */
  totalMs: number;
  encoderMs: number;
  decoderMs: number;
  /** Decoder steps. */
  steps: number;
}

export type Request = { load: ModelFiles } | { transcribe: string };
export interface Loaded {
  loadMs: number;
}
export interface Spoken extends Transcribed {
  audioSeconds: number;
  /** Undefined where the engine has no process to ask. */
  residentBytes?: number | undefined;
}
export type Answer = Loaded | Spoken | { error: string };
