// Wide kernels: an experimental flag of the engine, off unless asked for.

import v8 from "node:v8";

/**
 * Makes the engine fuse neighbouring 128-bit operations into 256-bit ones in WebAssembly that is compiled from now
 * on. Sessions compare their kernels with the reference before they use them.
 */
export function enableWide(): void {
  v8.setFlagsFromString("--experimental-wasm-revectorize");
}
