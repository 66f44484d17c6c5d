// Recordings as a model takes them: through the model's own front end, one at a time, when calibration asks for one.

import type { AudioClip } from "../audio/audio.ts";
import { checkSamples } from "../audio/check.ts";
import { resample } from "../audio/resample.ts";
import { OctavoxError } from "../errors.ts";
import { bandsFirst, loadFeatures } from "../features/index.ts";
import type { Model } from "../model/graph.ts";
import {
  featureInput,
  type KeywordSettings,
  onlyGraph,
  readKeywordSettings,
} from "../speech/keyword-settings.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { CalibrationSet } from "./calibrate.ts";

/** A recording, read when its turn comes. */
export interface Recording {
  name: string;
  load(): Promise<AudioClip>;
}

export interface RecordingOptions {
  /** In the place of the model's metadata. */
  settings?: KeywordSettings | undefined;
  /** Told of every recording of another rate than the model's, the first time it is read. */
  onResample?: ((recording: string, from: number, to: number) => void) | undefined;
}

/**
 * Calibration clips for a model that hears a fixed length of audio. A shorter recording is followed by silence; of a
 * longer one the beginning counts.
 * @throws OctavoxError `format` for a model that does not say what it hears, `argument` where there is no recording
 */
export async function calibrationFrom(
  model: Model,
  recordings: readonly Recording[],
  { settings, onResample }: RecordingOptions = {},
): Promise<CalibrationSet> {
  if (recordings.length === 0)
    throw new OctavoxError("argument", "the calibration clips", {
      expected: "at least one recording",
      found: "none",
    });
  const { samples, features } = readKeywordSettings(
    settings ? { ...settings, task: "keywords" } : model.metadata,
  );
  const frontEnd = await loadFeatures(features);
  const { sampleRate } = frontEnd.preset;
  const input = featureInput(onlyGraph(model).inputs, frontEnd.framesOf(samples), frontEnd.width);
  const said = new Set<string>();
  const audioOf = async ({ name, load }: Recording): Promise<Float32Array> => {
    const clip = await load();
    checkSamples(clip.samples, { sampleRate: clip.sampleRate });
    if (clip.sampleRate !== sampleRate && !said.has(name)) {
      said.add(name);
      onResample?.(name, clip.sampleRate, sampleRate);
    }
    const filled = new Float32Array(samples);
    filled.set(resample(clip.samples, clip.sampleRate, sampleRate).subarray(0, samples));
    return filled;
  };
  return {
    size: recordings.length,
    async feeds(index) {
      const matrix = frontEnd.run(await audioOf(recordings[index]));
      const data = input.bandsFirst ? bandsFirst(matrix) : matrix.data;
      return { [input.name]: new Tensor("float32", data, input.dims) };
    },
  };
}
