// Constants of the Fourier transform's butterflies in float32, for its definition (`src/features/fft.ts`) and its
// kernels (`src/kernels/fft.ts`) alike.

import { cosPi, sinPi } from "./double.ts";

/** The sizes of butterfly, in the order in which stages take them; 4 needs the fewest operations for a value. */
export const RADICES = [4, 2, 3, 5] as const;
export type Radix = (typeof RADICES)[number];

/** Sine of a third of a turn; its cosine is −½. */
export const SIN_THIRD = Math.fround(sinPi(2 / 3));

/** Cosine and sine of a fifth and of two fifths of a turn. */
export const FIFTHS = [cosPi(2 / 5), sinPi(2 / 5), cosPi(4 / 5), sinPi(4 / 5)].map(Math.fround);
