// Which layers a rule is about: a glob over a layer's name ("*/block.1/*"), an operator ("LSTM"), or a role that a
// layer has in its model ("@depthwise").

import { OctavoxError } from "../errors.ts";

/** What a layer can be called by beside its name and its operator. */
export const roles = {
  "@first": "a layer that takes the graph's input",
  "@last": "the last layer before the graph's output",
  "@depthwise": "a convolution with a filter of its own for each channel",
  "@recurrent": "LSTM, GRU, RNN",
  "@small": "a layer of fewer than 4096 weights",
} as const;

export type Role = keyof typeof roles;

export interface NamedLayer {
  name: string;
  op: string;
  roles: ReadonlySet<Role>;
}

/** `*` is any run of characters, `?` one; everything else stands for itself. */
export function matches(pattern: string, { name, op, roles: own }: NamedLayer): boolean {
  if (pattern.startsWith("@")) return own.has(pattern as Role);
  return pattern === op || globMatches(pattern, name);
}

/**
 * @throws OctavoxError `argument` for a pattern that no layer matches: most likely a mistake in writing it
 */
export function checkPatterns(patterns: readonly string[], layers: readonly NamedLayer[]): void {
  for (const pattern of patterns) {
    const isRole = pattern.startsWith("@");
    if (isRole && !Object.hasOwn(roles, pattern))
      throw new OctavoxError("argument", `the pattern "${pattern}"`, {
        expected: `a layer's name, an operator, or one of ${Object.keys(roles).join(", ")}`,
        found: "no such role",
      });
    if (layers.some((layer) => matches(pattern, layer))) continue;
    const some = layers.slice(0, 3).map(({ name }) => name);
    throw new OctavoxError("argument", `the pattern "${pattern}"`, {
      expected: "a layer's name (with * for any characters), an operator or a role",
      found: `no layer like that among ${layers.length}`,
      remedy: `Layers are called ${some.join(", ")}${layers.length > some.length ? ", …" : ""}`,
    });
  }
}

/** By hand, so that no pattern takes exponential time: after a `*` only the latest one is ever tried anew. */
function globMatches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") [star, mark] = [p++, t];
    else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, t] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
