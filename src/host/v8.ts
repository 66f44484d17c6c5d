// What can be asked of the engine that runs JavaScript and WebAssembly in Node.

import v8 from "node:v8";

/**
 * Wide kernels: makes the engine fuse neighbouring 128-bit operations into 256-bit ones in WebAssembly that is
 * compiled from now on. It is experimental; sessions compare their kernels with the reference before they use them.
 */
export function enableWide(): void {
  v8.setFlagsFromString("--experimental-wasm-revectorize");
}

/** While a program starts, the engine may use more memory: its compilers are quicker then. In milliseconds. */
const AFTER_START = 2000;

/**
 * Keeps JavaScript's part of the memory small: recognition makes few objects and lets them go at once, but the engine
 * gives them up to 100 MB before it looks. With this a recogniser stays below 150 MB in all.
 */
export function keepMemorySmall(): void {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  setTimeout(() => v8.setFlagsFromString("--optimize-for-size"), AFTER_START).unref();
}
