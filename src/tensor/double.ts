// Elementary functions in double precision for tables that are computed once: filters, windows, twiddles, mel
// bands. The engines' Math functions may differ in their last bit; these are put together from + − × ÷ and square
// roots, which IEEE 754 fixes, so that every host computes the same tables. Errors stay below 1e-15.

/** 1/(2k+1)! with alternating sign: the Taylor series of sin. Twelve terms reach 1e-17 at π/2. */
const SINE_TERMS = series(12, (term, k) => -term / (2 * k * (2 * k + 1)));

/** 1/k!: the Taylor series of e^x. Sixteen terms reach 1e-18 at ln 2 / 2. */
const EXP_TERMS = series(16, (term, k) => term / k);

/** Terms of artanh, Σ z^(2k+1)/(2k+1): z ≤ 0.172 for a number between √½ and √2. */
const ARTANH_TERMS = 12;

function series(count: number, next: (term: number, k: number) => number): number[] {
  const terms = [1];
  for (let k = 1; k < count; k++) terms.push(next(terms[k - 1], k));
  return terms;
}

function horner(x: number, terms: readonly number[]): number {
  let sum = 0;
  for (let k = terms.length - 1; k >= 0; k--) sum = sum * x + terms[k];
  return sum;
}

/** sin(π·x), exact in its argument: whole numbers give 0. */
export function sinPi(x: number): number {
  const nearest = Math.round(x);
  const angle = (x - nearest) * Math.PI; // within ±π/2, where the series is short
  const sine = horner(angle * angle, SINE_TERMS) * angle;
  return nearest % 2 === 0 ? sine : -sine;
}

/** cos(π·x); halves give 0. */
export function cosPi(x: number): number {
  return sinPi(0.5 - Math.abs(x));
}

/** ln x for a normal x > 0: x = m·2^e with m in [√½, √2), ln m = 2·artanh((m − 1)/(m + 1)). */
export function ln(x: number): number {
  let [m, e] = [x, 0];
  for (; m >= Math.SQRT2; m /= 2) e++;
  for (; m < Math.SQRT1_2; m *= 2) e--;
  const z = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = ARTANH_TERMS - 1; k >= 0; k--) sum = sum * z * z + 1 / (2 * k + 1);
  return e * Math.LN2 + 2 * z * sum;
}

/** e^x for |x| < 700: 2^n·e^r, r within ±ln 2 / 2. */
export function exp(x: number): number {
  const n = Math.round(x / Math.LN2);
  let power = horner(x - n * Math.LN2, EXP_TERMS);
  for (let k = 0; k < Math.abs(n); k++) power = n > 0 ? power * 2 : power / 2;
  return power;
}
