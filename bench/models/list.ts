// Small models that are run beside each other, one call a step: the published files, and what goes in. The files lie
// beside the project (`../shared/data`), each folder with its source and licence.

import type { Values } from "../contest/task.ts";
import { createRandom, floats } from "../kernels/random.ts";

export interface BenchModel {
  readonly name: string;
  /** In the folder of models. */
  readonly onnx: string;
  /** The same weights as TensorFlow Lite has them, where they are published. */
  readonly tflite?: string;
  readonly inputs: Readonly<Record<string, Input>>;
  /** Outputs that come back as inputs in the next call, by the input's name: zeros at first. */
  readonly feedback?: Readonly<Record<string, string>>;
  /** Names of sizes that have one value here. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Milliseconds of sound that a call stands for. */
  readonly hears: number;
  /** octavox runs it in integers, quantized for the comparison; the others have it as it is. */
  readonly scheme?: "w8a8";
}

export interface Input {
  readonly dims: readonly number[];
  /** Floats are random within ±1, unless a number is given; a state is zeros. */
  readonly int64?: number;
}

export const models: readonly BenchModel[] = [
  {
    name: "SpellingCNN",
    onnx: "moonshine_micro/spelling_cnn_mel.onnx",
    tflite: "moonshine_micro/spelling_cnn_mel_fp32_r1.tflite",
    inputs: { log_mel: { dims: [1, 1, 64, 128] } },
    hears: 1000,
  },
  {
    ...{ name: "SpellingCNN, 8 bits", scheme: "w8a8" },
    onnx: "moonshine_micro/spelling_cnn_mel.onnx",
    inputs: { log_mel: { dims: [1, 1, 64, 128] } },
    hears: 1000,
  },
  {
    name: "TinyVAD",
    onnx: "moonshine_micro/tinyvad_cnn_speech_mel.onnx",
    tflite: "moonshine_micro/tinyvad_cnn_speech_mel_fp32.tflite",
    inputs: { log_mel: { dims: [1, 1, 32, 16] } },
    hears: 512,
  },
  {
    name: "Silero VAD",
    onnx: "silero_vad/silero_vad_op18_ifless.onnx",
    inputs: { input: { dims: [1, 576] }, state: { dims: [2, 1, 128] }, sr: { dims: [], int64: 16_000 } },
    feedback: { state: "stateN" },
    sizes: { batch: 1, sequence: 576 },
    hears: 32,
  },
  {
    name: "DTLN, stage 1",
    onnx: "dtln/model_1.onnx",
    tflite: "dtln/model_1.tflite",
    inputs: { input_2: { dims: [1, 1, 257] }, input_3: { dims: [1, 2, 128, 2] } },
    feedback: { input_3: "tf_op_layer_stack_2" },
    hears: 8,
  },
  {
    name: "DTLN, stage 2",
    onnx: "dtln/model_2.onnx",
    tflite: "dtln/model_2.tflite",
    inputs: { input_4: { dims: [1, 1, 512] }, input_5: { dims: [1, 2, 128, 2] } },
    feedback: { input_5: "tf_op_layer_stack_5" },
    hears: 8,
  },
];

export interface Fed {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Values | BigInt64Array;
}

/** The same values in every process; states as a sequence begins with them. */
export function feedsOf({ inputs, feedback = {} }: BenchModel): Fed[] {
  const random = createRandom(1);
  return Object.entries(inputs).map(([name, { dims, int64 }]) => {
    const count = dims.reduce((product, size) => product * size, 1);
    if (int64 !== undefined) return { name, dims, data: BigInt64Array.of(BigInt(int64)) };
    const isState = Object.hasOwn(feedback, name);
    return { name, dims, data: isState ? new Float32Array(count) : floats(random, count, 1) };
  });
}
