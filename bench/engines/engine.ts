// What every engine does in this comparison: load the model, then transcribe clips one at a time on one thread.

export interface Engine {
  /** Loads the model from files that are on the disk already. */
  load(paths: ModelPaths): Promise<void>;
  /** @param samples mono, 16 kHz, at most 30 s */
  transcribe(samples: Float32Array): Promise<Transcribed>;
}

/** The same model in the forms the engines take. */
export interface ModelPaths {
  ovx: string;
  encoder: string;
  decoder: string;
}

export interface Transcribed {
  text: string;
  /** All of it, in milliseconds; the two below are parts of it. */
  totalMs: number;
  encoderMs: number;
  decoderMs: number;
  /** Decoder steps. */
  steps: number;
}
