// Shape rules of operators that make signals and what they are multiplied with: windows, Fourier transforms, mel
// matrices, noise, rows of an identity.

import { add, floorDiv, sub } from "../dim.ts";
import { type Facts, fact, type Rules, type Site } from "./site.ts";

function oneHot(site: Site): Facts {
  const [indices, depth, type] = [site.dims(0), site.value(1)?.[0], site.inputs[2]?.dtype];
  if (!type) return [undefined];
  if (!indices || depth === undefined) return [fact(type, undefined)];
  const axis = site.axis(site.number("axis", -1), indices.length + 1);
  return [fact(type, indices.toSpliced(axis, 0, depth))];
}

/** Windows of the cosine family: one size in, that many values out. */
function cosineWindow(site: Site): Facts {
  const type = site.type("output_datatype", "float32");
  const size = site.value(0)?.[0];
  return [type && fact(type, size === undefined ? undefined : [size])];
}

/** Real or complex [.., time, 1 or 2] → [.., bins, 2] along `axis` (operator sets 17: attribute, 20: input). */
function fourier(site: Site): Facts {
  const dims = site.dims(0);
  const at =
    site.constants(2)?.[0] ?? site.number("axis", site.has(2) ? Number.NaN : site.opset >= 20 ? -2 : 1);
  if (!dims || Number.isNaN(at)) return site.like(0, undefined);
  const axis = site.axis(at, dims.length);
  const length = site.has(1) ? site.value(1)?.[0] : dims[axis];
  if (length === undefined) return site.like(0, undefined);
  const bins = site.number("onesided", 0) === 1 ? add(floorDiv(length, 2), 1) : length;
  return site.like(0, dims.with(axis, bins).with(-1, 2));
}

/** Signal [batch, time, 1 or 2] → [batch, frames, bins, 2]. */
function shortFourier(site: Site): Facts {
  const [signal, step] = [site.dims(0), site.constants(1)?.[0]];
  const length = site.value(3)?.[0] ?? site.dims(2)?.[0];
  if (!signal || step === undefined || length === undefined) return site.like(0, undefined);
  const bins = site.number("onesided", 1) === 1 ? add(floorDiv(length, 2), 1) : length;
  return site.like(0, [signal[0], add(floorDiv(sub(signal[1], length), step), 1), bins, 2]);
}

function randomLike(site: Site): Facts {
  const type = site.type("dtype", site.inputs[0]?.dtype ?? "float32");
  return [type && fact(type, site.node.inputs.length > 0 ? site.dims(0) : site.numbers("shape"))];
}

export const signals: Rules = {
  OneHot: oneHot,
  EyeLike: randomLike,
  RandomNormal: randomLike,
  RandomNormalLike: randomLike,
  RandomUniform: randomLike,
  RandomUniformLike: randomLike,
  Bernoulli: randomLike,
  HannWindow: cosineWindow,
  HammingWindow: cosineWindow,
  BlackmanWindow: cosineWindow,
  DFT: fourier,
  STFT: shortFourier,
  MelWeightMatrix: (site) => {
    const [bands, size] = [site.value(0)?.[0], site.value(1)?.[0]];
    return [
      fact(
        "float32",
        bands === undefined || size === undefined ? undefined : [add(floorDiv(size, 2), 1), bands],
      ),
    ];
  },
};
