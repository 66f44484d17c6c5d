// The Fourier transform of four frames at once, a frame in each lane: the definition (`src/features/fft.ts`) turned
// into vectors operation for operation, so that no lane ever meets another. A complex value is two vectors, its real
// parts and its imaginary parts.

import { FIFTHS, type Radix, SIN_THIRD } from "../tensor/fourier.ts";
import { f32x4, i32, type Local, type ModuleBuilder, select, v128 } from "../wasm/index.ts";
import { type Address, advance, FLOAT, Lanes, VECTOR, type Vector } from "./vectors.ts";

const { add, sub, mul } = f32x4;

/** Bytes of a complex value: of four frames, and of a table. */
const COMPLEX = 2 * VECTOR;
const TABLE_COMPLEX = 2 * FLOAT;

interface Complex {
  re: Local<"v128">;
  im: Local<"v128">;
}

type Values = readonly Complex[];
type Butterfly = (lanes: Lanes, x: Values) => Values;

/** The same formula for real and imaginary parts. */
function each(lanes: Lanes, formula: (part: "re" | "im") => Vector): Complex {
  return { re: lanes.keep(formula("re")), im: lanes.keep(formula("im")) };
}

/** u − iv and u + iv */
function parts(lanes: Lanes, u: Complex, v: Complex): [Complex, Complex] {
  return [
    { re: lanes.keep(add(u.re, v.im)), im: lanes.keep(sub(u.im, v.re)) },
    { re: lanes.keep(sub(u.re, v.im)), im: lanes.keep(add(u.im, v.re)) },
  ];
}

const butterflies: Record<Radix, Butterfly> = {
  2: (lanes, [a, b]) => [
    each(lanes, (part) => add(a[part], b[part])),
    each(lanes, (part) => sub(a[part], b[part])),
  ],
  3(lanes, [a, b, c]) {
    const t = each(lanes, (part) => add(b[part], c[part]));
    const u = each(lanes, (part) => sub(a[part], mul(lanes.float(0.5), t[part])));
    const v = each(lanes, (part) => mul(lanes.float(SIN_THIRD), sub(b[part], c[part])));
    return [each(lanes, (part) => add(a[part], t[part])), ...parts(lanes, u, v)];
  },
  4(lanes, [a, b, c, d]) {
    const s = each(lanes, (part) => add(a[part], c[part]));
    const t = each(lanes, (part) => add(b[part], d[part]));
    const u = each(lanes, (part) => sub(a[part], c[part]));
    const v = each(lanes, (part) => sub(b[part], d[part]));
    const [first, third] = parts(lanes, u, v);
    const [even, odd] = [
      each(lanes, (part) => add(s[part], t[part])),
      each(lanes, (part) => sub(s[part], t[part])),
    ];
    return [even, first, odd, third];
  },
  5(lanes, [a, b, c, d, e]) {
    const [c1, s1, c2, s2] = FIFTHS.map((value) => lanes.float(value));
    const p = each(lanes, (part) => add(b[part], e[part]));
    const q = each(lanes, (part) => add(c[part], d[part]));
    const r = each(lanes, (part) => sub(b[part], e[part]));
    const s = each(lanes, (part) => sub(c[part], d[part]));
    const u = each(lanes, (part) => add(add(a[part], mul(c1, p[part])), mul(c2, q[part])));
    const w = each(lanes, (part) => add(add(a[part], mul(c2, p[part])), mul(c1, q[part])));
    const v = each(lanes, (part) => add(mul(s1, r[part]), mul(s2, s[part])));
    const x = each(lanes, (part) => sub(mul(s2, r[part]), mul(s1, s[part])));
    const [first, fourth] = parts(lanes, u, v);
    const [second, third] = parts(lanes, w, x);
    return [each(lanes, (part) => add(add(a[part], p[part]), q[part])), first, second, third, fourth];
  },
};

/** re and im of w times x, w one number for all frames. */
function turned(x: Complex, w: Complex): [Vector, Vector] {
  return [sub(mul(x.re, w.re), mul(x.im, w.im)), add(mul(x.re, w.im), mul(x.im, w.re))];
}

/** A complex number of a table in every lane. */
function splat(table: Address, index: number): [Vector, Vector] {
  const offset = index * TABLE_COMPLEX;
  return [v128.load32_splat(table, { offset }), v128.load32_splat(table, { offset: offset + FLOAT })];
}

export function addFourier(module: ModuleBuilder): void {
  for (const radix of [2, 3, 4, 5] as const) addStage(module, radix, butterflies[radix]);
  addPower(module);
}

function addStage(module: ModuleBuilder, radix: Radix, butterfly: Butterfly): void {
  const params = { x: "i32", y: "i32", twiddles: "i32", length: "i32", repeat: "i32" } as const;
  module.func(`fft_stage${radix}_f32`, { params }, (f, { x, y, twiddles, length, repeat }) => {
    const [strideX, strideY, left] = f.locals("i32", 3) as [Address, Address, Address];
    const [from, to] = [f.locals("i32", radix), f.locals("i32", radix)];
    const w = Array.from(
      { length: radix - 1 },
      (): Complex => ({ re: f.local("v128"), im: f.local("v128") }),
    );
    const apart = (addresses: readonly Address[], first: Address, stride: Address) =>
      addresses.map((address, j) => address.set(j === 0 ? first : i32.add(addresses[j - 1], stride)));
    /** Butterflies side by side; those at the places after the first are turned by w. */
    const run = (turning: boolean) => {
      const lanes = new Lanes(f);
      const code = oneButterfly(lanes, butterfly, from, to, turning ? w : undefined);
      const step = [code, advance(from, COMPLEX), advance(to, COMPLEX), left.set(i32.sub(left, 1))];
      return [lanes.constants, left.set(repeat), f.loop((again) => [step, again.brIf(left)])];
    };
    return [
      strideY.set(i32.shl(repeat, 5)),
      strideX.set(i32.mul(strideY, length)),
      [apart(from, x, strideX), apart(to, y, strideY), run(false)],
      length.set(i32.sub(length, 1)),
      f.while(length, () => [
        apart(to, to[radix - 1], strideY),
        w.flatMap(({ re, im }, k) => {
          const [cos, sin] = splat(twiddles, k);
          return [re.set(cos), im.set(sin)];
        }),
        twiddles.set(i32.add(twiddles, (radix - 1) * TABLE_COMPLEX)),
        run(true),
        length.set(i32.sub(length, 1)),
      ]),
    ];
  });
}

/** Loads, transforms, turns and stores one value for each address. */
function oneButterfly(
  lanes: Lanes,
  butterfly: Butterfly,
  from: readonly Address[],
  to: readonly Address[],
  w: Values | undefined,
) {
  const loaded = from.map((address) => ({
    re: lanes.keep(v128.load(address)),
    im: lanes.keep(v128.load(address, { offset: VECTOR })),
  }));
  const results = butterfly(lanes, loaded);
  const code = lanes.take();
  return [
    code,
    results.map((value, k) => {
      const [re, im] = w && k > 0 ? turned(value, w[k - 1]) : [value.re, value.im];
      return [v128.store(to[k], re), v128.store(to[k], im, { offset: VECTOR })];
    }),
  ];
}

function addPower(module: ModuleBuilder): void {
  const params = { z: "i32", y: "i32", twiddles: "i32", half: "i32" } as const;
  module.func("fft_power_f32", { params }, (f, { z, y, twiddles, half }) => {
    const [k, mate, high] = f.locals("i32", 3) as [Address, Address, Address];
    const lanes = new Lanes(f);
    const [low, above] = powers(lanes, z, mate, twiddles);
    const code = lanes.take();
    return [
      lanes.constants,
      // Z[0] is its own mate; that of Z[1] is the last value.
      [mate.set(z), high.set(i32.add(y, i32.shl(half, 4)))],
      f.loop((again) => [
        code,
        [v128.store(high, above), v128.store(y, low)],
        mate.set(select(i32.sub(mate, COMPLEX), lastOf(z, half), k)),
        [advance([z], COMPLEX), advance([y], VECTOR), advance([twiddles], TABLE_COMPLEX)],
        [high.set(i32.sub(high, VECTOR)), k.set(i32.add(k, 1))],
        again.brIf(i32.le_s(i32.shl(k, 1), half)),
      ]),
    ];
  });
}

/** The address of the last of `half` complex values. */
function lastOf(z: Address, half: Address) {
  return i32.add(z, i32.shl(i32.sub(half, 1), 5));
}

/** |X[k]|² and |X[N/2 − k]|² from Z[k], its mate, and e^(−2πi·k/N). */
function powers(lanes: Lanes, z: Address, mate: Address, twiddles: Address): [Vector, Vector] {
  const load = (address: Address, offset: number) => lanes.keep(v128.load(address, { offset }));
  const [ar, ai, br, bi] = [load(z, 0), load(z, VECTOR), load(mate, 0), load(mate, VECTOR)];
  const half = (value: Vector) => lanes.keep(mul(lanes.float(0.5), value));
  const [er, ei, dr, di] = [half(add(ar, br)), half(sub(ai, bi)), half(sub(ar, br)), half(add(ai, bi))];
  const [wr, wi] = splat(twiddles, 0).map((value) => lanes.keep(value));
  const tr = lanes.keep(add(mul(wr, di), mul(wi, dr)));
  const ti = lanes.keep(sub(mul(wi, di), mul(wr, dr)));
  const power = (re: Vector, im: Vector) => {
    const [x, y] = [lanes.keep(re), lanes.keep(im)];
    return lanes.keep(add(mul(x, x), mul(y, y)));
  };
  return [power(add(er, tr), add(ei, ti)), power(sub(er, tr), sub(ei, ti))];
}
