// Binders between floats and integers of one scale and one zero point: bytes, and 16 bits around 0.

import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, isScalar } from "../operand.ts";
import type { Binder, Site } from "../step.ts";

/** Whether an input is left out or a constant 0: int16 has no other zero point in the kernels. */
function isCentred(site: Site, index: number): boolean {
  return (
    !site.inputs[index] ||
    site
      .constant(index)
      ?.numbers()
      .every((zero) => zero === 0) === true
  );
}

/** uint8 with one scale and one zero point, as quantization on the fly makes it; int16 around 0. */
const dequantize: Binder = {
  bind(site) {
    const { inputs, outputs, kernels } = site;
    const { dequantize_u8, dequantize_s16 } = kernels;
    const dims = fixedDims(inputs[0]);
    if (dims && inputs[0]!.dtype === "int16" && isScalar(inputs[1]) && isCentred(site, 2)) {
      const [from, to, count] = [inputs[0]!.pointer, outputs[0].pointer, sizeOf(dims)];
      const at = inputs[1]!.pointer >> 2;
      return ({ views }) => dequantize_s16(from, count, to, views.f32[at]);
    }
    if (!dims || inputs[0]!.dtype !== "uint8" || !inputs.slice(1, 3).every(isScalar)) return undefined;
    const [x, scale, zero] = inputs.map((operand) => operand!.pointer);
    const [y, n] = [outputs[0].pointer, sizeOf(dims)];
    return ({ views }) => dequantize_u8(x, n, y, views.f32[scale >> 2], views.u8[zero]);
  },
};

/** Floats to uint8 with one scale and one zero point, or to int16 around 0. */
const quantize: Binder = {
  bind(site) {
    const { inputs, outputs, kernels } = site;
    const { quantize_u8, quantize_s16 } = kernels;
    const dims = fixedDims(inputs[0]);
    const floats = inputs[0]!.dtype === "float32" && inputs[1]?.dtype === "float32";
    if (!dims || !floats || !inputs.slice(1, 3).every(isScalar)) return undefined;
    const [x, scale, zero] = inputs.map((operand) => operand?.pointer);
    const [y, n] = [outputs[0].pointer, sizeOf(dims)];
    if (outputs[0].dtype === "int16" && isCentred(site, 2))
      return ({ views }) => quantize_s16(x!, n, y, views.f32[scale! >> 2]);
    if (outputs[0].dtype !== "uint8") return undefined;
    return ({ views }) =>
      quantize_u8(x!, n, y, views.f32[scale! >> 2], zero === undefined ? 0 : views.u8[zero], 255);
  },
};

export const valuesInBits: Record<string, Binder> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
