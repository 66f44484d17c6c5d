// WAV files for tests.

/** Mono, 16 kHz, 32-bit floats. */
export function floatWav(samples: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(44 + 4 * samples.length));
  const ascii = (at: number, text: string) => {
    for (const [i, letter] of [...text].entries()) view.setUint8(at + i, letter.charCodeAt(0));
  };
  ascii(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  ascii(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  for (const [at, value] of [
    [20, 3],
    [22, 1],
    [32, 4],
    [34, 32],
  ])
    view.setUint16(at, value, true);
  view.setUint32(24, 16_000, true);
  view.setUint32(28, 64_000, true);
  ascii(36, "data");
  view.setUint32(40, 4 * samples.length, true);
  for (const [i, sample] of samples.entries()) view.setFloat32(44 + 4 * i, sample, true);
  return new Uint8Array(view.buffer);
}
