// The form in which sizes that are known only at run time are kept: sums of products of named sizes, in one
// canonical order, with the text that says when two are the same. `dim.ts` has the arithmetic on them.

/** A size or an index: a number, or an expression over named sizes. */
export type Dim = number | Expr;

/** What a term multiplies: a named size, or an operation that does not expand into sums and products. */
export interface Factor {
  kind: "symbol" | "floor" | "max" | "min";
  /** Canonical; equal texts are equal factors. */
  text: string;
  /** floor: dividend and divisor; max, min: the two sides, in the order of their texts. */
  args: readonly Dim[];
}

export interface Term {
  coefficient: number;
  /** Sorted by text; none for the constant. */
  factors: readonly Factor[];
}

/** A sum of terms, highest degree first; immutable, never a mere constant (that is a number). */
export class Expr {
  readonly terms: readonly Term[];
  readonly text: string;

  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.text = formatTerms(terms);
  }

  toString(): string {
    return this.text;
  }
}

/** The size called `name`. Named sizes are taken to be ≥ 0. */
export function symbol(name: string): Expr {
  return new Expr([{ coefficient: 1, factors: [{ kind: "symbol", text: name, args: [] }] }]);
}

export function isConstant(dim: Dim): dim is number {
  return typeof dim === "number";
}

export function format(dim: Dim): string {
  return typeof dim === "number" ? String(dim) : dim.text;
}

// -- canonical form ----------------------------------------------------------------------------------------

export function termsOf(dim: Dim): readonly Term[] {
  if (typeof dim !== "number") return dim.terms;
  return dim === 0 ? [] : [{ coefficient: dim, factors: [] }];
}

/** Joins terms with the same factors and puts them in order. */
export function collect(terms: readonly Term[]): Dim {
  const sums = new Map<string, Term>();
  for (const { coefficient, factors } of terms) {
    const key = factors.map((factor) => factor.text).join("·");
    sums.set(key, { coefficient: coefficient + (sums.get(key)?.coefficient ?? 0), factors });
  }
  const kept = [...sums.values()].filter((term) => term.coefficient !== 0).sort(compareTerms);
  if (kept.length === 0) return 0;
  return kept[0].factors.length === 0 ? kept[0].coefficient : new Expr(kept);
}

/** Graded lexicographic order: degree first, then the factors' texts; the order long division needs. */
function compareTerms(a: Term, b: Term): number {
  if (a.factors.length !== b.factors.length) return b.factors.length - a.factors.length;
  const place = a.factors.findIndex((factor, i) => factor.text !== b.factors[i].text);
  return place < 0 ? 0 : compareTexts(a.factors[place].text, b.factors[place].text);
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function multiplyTerms(a: Term, b: Term): Term {
  return {
    coefficient: a.coefficient * b.coefficient,
    factors: [...a.factors, ...b.factors].sort((x, y) => compareTexts(x.text, y.text)),
  };
}

export function divideTerms(a: Term, b: Term): Term | undefined {
  if (a.coefficient % b.coefficient !== 0) return undefined;
  const factors = [...a.factors];
  for (const { text } of b.factors) {
    const place = factors.findIndex((factor) => factor.text === text);
    if (place < 0) return undefined;
    factors.splice(place, 1);
  }
  return { coefficient: a.coefficient / b.coefficient, factors };
}

export function opaque(kind: Factor["kind"], args: readonly Dim[]): Term {
  const [left, right] = args;
  const text =
    kind === "floor"
      ? `floor(${bracket(left)}/${bracket(right)})`
      : `${kind}(${format(left)}, ${format(right)})`;
  return { coefficient: 1, factors: [{ kind, text, args }] };
}

// -- text --------------------------------------------------------------------------------------------------

function formatTerms(terms: readonly Term[]): string {
  return terms
    .map(formatTerm)
    .reduce((text, term) => text + (term.startsWith("-") ? ` - ${term.slice(1)}` : ` + ${term}`));
}

function formatTerm({ coefficient, factors }: Term): string {
  const text = factors.map((factor) => factor.text).join("·");
  if (text === "") return String(coefficient);
  return coefficient === 1 ? text : coefficient === -1 ? `-${text}` : `${coefficient}·${text}`;
}

/** As an operand of a division. */
function bracket(dim: Dim): string {
  const single =
    typeof dim === "number" ||
    (dim.terms.length === 1 && formatTerm(dim.terms[0]) === dim.terms[0].factors[0].text);
  return single ? format(dim) : `(${format(dim)})`;
}
