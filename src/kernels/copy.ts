// Copies with strides: transpose, slice and expand of elements of 4 bytes and 1 byte. The definition is
// `src/reference/copy.ts`. The loops over d0 and d1 are common; a plane d2×d3 is copied in the quickest of
// three ways its strides allow.

import {
  type Code,
  type FunctionBuilder,
  i32,
  type Local,
  type ModuleBuilder,
  memory,
  v128,
} from "../wasm/index.ts";
import { type Address, shuffle32, VECTOR } from "./vectors.ts";

/** Rows from this many bytes on are left to the engine's memory copy, which costs a call. */
const LONG_ROW = 512;
/** Shorter rows of bytes are copied one by one. */
const VECTOR_ROW = 16;

const dims = { d0: "i32", d1: "i32", d2: "i32", d3: "i32" } as const;
const strides = { s0: "i32", s1: "i32", s2: "i32", s3: "i32" } as const;
const params = { x: "i32", y: "i32", ...dims, ...strides } as const;
const planeParams = { x: "i32", y: "i32", d2: "i32", d3: "i32", s2: "i32", s3: "i32" } as const;
type Plane = { readonly [K in keyof typeof planeParams]: Local<"i32"> };

/** Elements of 2^shift bytes and how one is moved. */
interface Element {
  readonly shift: number;
  readonly load: typeof i32.load;
  readonly store: typeof i32.store;
}
const word: Element = { shift: 2, load: i32.load, store: i32.store };
const byte: Element = { shift: 0, load: i32.load8_u, store: i32.store8 };

export function addCopy(module: ModuleBuilder): void {
  addCopyStrided(module, "copy_strided_32", word, addTransposedPlane(module));
  addCopyStrided(module, "copy_strided_8", byte);
}

/** All planes. In `plane` functions, strides and row lengths are in bytes. */
function addCopyStrided(
  module: ModuleBuilder,
  name: string,
  element: Element,
  transposed?: ReturnType<typeof addTransposedPlane>,
): void {
  const dense = addDensePlane(module, element);
  const scattered = addScatteredPlane(module, element);
  const size = 1 << element.shift;
  module.func(name, { params }, (f, p) => {
    const { x, y, d2, d3, s2, s3 } = p;
    const [i, j, row] = f.locals("i32", 3) as Address[];
    const plane = { x: row, y, d2, d3, s2, s3 };
    const copyPlane = f.if(
      i32.eq(s3, size),
      () => dense.call(plane),
      () => {
        const general = () => scattered.call(plane);
        if (!transposed) return general();
        const fits = i32.and(i32.eq(s2, size), i32.and(i32.ge_u(d2, 4), i32.ge_u(d3, 4)));
        return f.if(fits, () => transposed.call(plane), general);
      },
    );
    const planeBytes = i32.shl(i32.mul(d2, d3), element.shift);
    return [
      [p.s0, p.s1, p.s2, p.s3].map((stride) => stride.set(i32.shl(stride, element.shift))),
      f.for(i, 0, p.d0, 1, () => [
        row.set(x),
        f.for(j, 0, p.d1, 1, () => [copyPlane, [row.set(i32.add(row, p.s1)), y.set(i32.add(y, planeBytes))]]),
        x.set(i32.add(x, p.s0)),
      ]),
    ];
  });
}

/** Rows whose elements are neighbours (s3 = 1). */
function addDensePlane(module: ModuleBuilder, element: Element) {
  const name = `copy_dense_rows_${8 << element.shift}`;
  return module.func(name, { params: planeParams, exported: false }, (f, p) => {
    const [bytes, from, left] = f.locals("i32", 3) as Address[];
    const size = 1 << element.shift;
    const step = (count: number) => [
      [from.set(i32.add(from, count)), p.y.set(i32.add(p.y, count))],
      left.set(i32.sub(left, count)),
    ];
    const shortRow = () => [
      f.while(i32.ge_u(left, VECTOR_ROW), () => [v128.store(p.y, v128.load(from)), step(VECTOR)]),
      f.while(left, () => [element.store(p.y, element.load(from)), step(size)]),
    ];
    const longRow = () => [memory.copy(p.y, p.x, bytes), p.y.set(i32.add(p.y, bytes))];
    return [
      bytes.set(i32.shl(p.d3, element.shift)),
      f.while(p.d2, () => [
        [from.set(p.x), left.set(bytes)],
        f.if(i32.ge_u(bytes, LONG_ROW), longRow, shortRow),
        [p.x.set(i32.add(p.x, p.s2)), p.d2.set(i32.sub(p.d2, 1))],
      ]),
    ];
  });
}

/** Any strides: one element after another. */
function addScatteredPlane(module: ModuleBuilder, element: Element) {
  const name = `copy_scattered_${8 << element.shift}`;
  return module.func(name, { params: planeParams, exported: false }, (f, p) => {
    const [k, l, from] = f.locals("i32", 3) as Address[];
    return f.for(k, 0, p.d2, 1, () => [
      from.set(p.x),
      f.for(l, 0, p.d3, 1, () => [
        element.store(p.y, element.load(from)),
        [p.y.set(i32.add(p.y, 1 << element.shift)), from.set(i32.add(from, p.s3))],
      ]),
      p.x.set(i32.add(p.x, p.s2)),
    ]);
  });
}

/**
 * A transposed matrix of words (s2 = 1; d2, d3 ≥ 4): blocks of 4×4 turned in registers. The last block of
 * a direction overlaps the one before, so that no block is partial.
 */
function addTransposedPlane(module: ModuleBuilder) {
  return module.func("copy_transposed_32", { params: planeParams, exported: false }, (f, p) => {
    const [k, l, from, to, rowBytes] = f.locals("i32", 5) as Address[];
    const block = [
      from.set(i32.add(p.x, i32.add(i32.shl(k, 2), i32.mul(l, p.s3)))),
      to.set(i32.add(p.y, i32.add(i32.shl(l, 2), i32.mul(k, rowBytes)))),
      transposeBlock(f, from, p.s3, to, rowBytes),
    ];
    return [
      rowBytes.set(i32.shl(p.d3, 2)),
      overlapping(f, k, p.d2, () => overlapping(f, l, p.d3, () => block)),
    ];
  });
}

/** i = 0, 4, 8…, then end − 4 if that is not among them; end ≥ 4. */
function overlapping(f: FunctionBuilder, i: Address, end: Plane["d2"], body: () => Code) {
  return [
    i.set(0),
    f.block((done) =>
      f.loop((again) => [
        body(),
        done.brIf(i32.eq(i, i32.sub(end, 4))),
        i.set(i32.add(i, 4)),
        f.if(i32.gt_u(i, i32.sub(end, 4)), () => i.set(i32.sub(end, 4))),
        again.br(),
      ]),
    ),
  ];
}

/** Four vectors at `from`, `step` bytes apart, to four rows at `to`, `rowBytes` apart. */
function transposeBlock(f: FunctionBuilder, from: Address, step: Address, to: Address, rowBytes: Address) {
  const columns = f.locals("v128", 4);
  const halves = f.locals("v128", 4);
  const [a, b, c, d] = columns;
  const [ab, cd, abHigh, cdHigh] = halves;
  const rows = [
    shuffle32(ab, cd, [0, 1, 4, 5]),
    shuffle32(ab, cd, [2, 3, 6, 7]),
    shuffle32(abHigh, cdHigh, [0, 1, 4, 5]),
    shuffle32(abHigh, cdHigh, [2, 3, 6, 7]),
  ];
  return [
    columns.map((column) => [column.set(v128.load(from)), from.set(i32.add(from, step))]),
    [ab.set(shuffle32(a, b, [0, 4, 1, 5])), cd.set(shuffle32(c, d, [0, 4, 1, 5]))],
    [abHigh.set(shuffle32(a, b, [2, 6, 3, 7])), cdHigh.set(shuffle32(c, d, [2, 6, 3, 7]))],
    rows.map((row) => [v128.store(to, row), to.set(i32.add(to, rowBytes))]),
  ];
}
