// 8-bit matrix products of several engines, turn and turn about. Nothing is timed that was not compared with the
// reference first.

import { matmulU8S8I32 } from "../../src/reference/matmul.ts";
import { median } from "../table.ts";
import {
  type MakeProduct,
  octavoxProduct,
  onnxruntimeProduct,
  type Product,
  type Shape,
} from "./products.ts";

const engines: Readonly<Record<string, MakeProduct>> = {
  octavox: octavoxProduct("relaxed"),
  "octavox wide": octavoxProduct("wide"),
  "octavox simd": octavoxProduct("simd"),
  "onnxruntime-node": onnxruntimeProduct("onnxruntime-node"),
  "onnxruntime-web": onnxruntimeProduct("onnxruntime-web"),
};

const shapes: readonly Shape[] = [
  [480, 480, 512],
  [1, 512, 512],
  [64, 256, 256],
  [416, 288, 288],
  [416, 1152, 288],
];

/** How long each engine runs in each turn, in milliseconds. */
const TURN = 40;
/** Turns for each round asked for. */
const TURNS = 5;

export interface ProductResult {
  shape: Shape;
  /** 2·M·N·K a nanosecond, by engine. */
  gops: Record<string, number>;
}

export async function compareProducts(options: {
  rounds: number;
  onProgress?(done: number, total: number): void;
}): Promise<ProductResult[]> {
  const results: ProductResult[] = [];
  for (const [index, shape] of shapes.entries()) {
    results.push({ shape, gops: await compareShape(shape, options.rounds * TURNS) });
    options.onProgress?.(index + 1, shapes.length);
  }
  return results;
}

async function compareShape([m, n, k]: Shape, turns: number): Promise<Record<string, number>> {
  const a = Uint8Array.from({ length: m * k }, (_, i) => (i * 31 + (i >> 5)) & 255);
  const b = Int8Array.from({ length: k * n }, (_, i) => ((i * 17 + (i >> 7)) & 255) - 128);
  const expected = matmulU8S8I32(a, b, [m, n, k]);
  const products: [name: string, product: Product, calls: number][] = [];
  for (const [name, make] of Object.entries(engines)) {
    const product = await make([m, n, k], a, b);
    await product.run();
    const found = await product.result();
    if (found.some((value, i) => value !== expected[i]))
      throw new Error(`${name}: a wrong product of ${[m, n, k]}`);
    products.push([name, product, await callsIn(product, TURN)]);
  }
  const times = new Map(products.map(([name]) => [name, [] as number[]]));
  for (let turn = 0; turn < turns; turn++)
    for (const [name, product, calls] of products) times.get(name)!.push(await time(product, calls));
  return Object.fromEntries([...times].map(([name, list]) => [name, (2 * m * n * k) / median(list) / 1e6]));
}

/** Milliseconds a call. */
async function time({ run }: Product, calls: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < calls; i++) {
    // Awaiting what is not a promise would cost an octavox call more than the product itself.
    const pending = run();
    if (pending) await pending;
  }
  return (performance.now() - started) / calls;
}

/** How many calls take about so many milliseconds, once the engine has warmed up. */
async function callsIn(product: Product, milliseconds: number): Promise<number> {
  await time(product, 50);
  return Math.max(1, Math.round(milliseconds / (await time(product, 50))));
}
