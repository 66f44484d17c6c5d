// What can be asked of the engine that runs JavaScript and WebAssembly in Node.

import v8 from "node:v8";

/**
 * Wide kernels: makes the engine fuse neighbouring 128-bit operations into 256-bit ones in WebAssembly that is
 * compiled from now on. It is experimental; sessions compare their kernels with the reference before they use them.
 */
export function enableWide(): void {
  v8.setFlagsFromString("--experimental-wasm-revectorize");
}

/**
 * Keeps the space for new objects as small as it is at the start. Recognition makes few, and lets them go at once:
 * without this the space grows to 150 MB of which nothing is needed; with it nothing gets slower.
 */
export function keepYoungSpaceSmall(): void {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
}
