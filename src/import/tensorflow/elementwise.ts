// Operators that work element by element. On an image that is there channels first they work channels first, so that
// nothing comes between a convolution and what belongs to it.

import type { Attributes } from "../../model/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { attribute } from "./attributes.ts";
import { type Operator, type Operators, type Site, unsupported } from "./operator.ts";

/** ONNX's operator of the same meaning, and its attributes. */
function unary(op: string, attributes: (site: Site) => Attributes = () => ({})): Operator {
  return {
    inputs: [1, 1],
    convert(site) {
      const { graph, node } = site;
      const [[x], [y]] = [node.inputs, node.outputs];
      if (graph.hasFirst(x)) graph.emitImage(op, [graph.first(x)], y, attributes(site));
      else graph.emit(op, [x], [y], attributes(site));
    },
  };
}

/** Min and Max of constants are inputs of ONNX's Clip. */
function clip(low: number, high: number): Operator {
  return {
    inputs: [1, 1],
    convert({ graph, node }) {
      const [[x], [y]] = [node.inputs, node.outputs];
      const limits = [graph.float(`${y}/low`, low), graph.float(`${y}/high`, high)];
      if (graph.hasFirst(x)) graph.emitImage("Clip", [graph.first(x), ...limits], y);
      else graph.emit("Clip", [x, ...limits], [y]);
    },
  };
}

function binary(op: string): Operator {
  return {
    inputs: [2, 2],
    convert(site) {
      const { graph, node } = site;
      const turned = imageInputs(site);
      if (turned) graph.emitImage(op, turned, node.outputs[0]);
      else graph.emit(op, node.inputs, node.outputs);
    },
  };
}

/** Both inputs channels first, where one is an image there already and the other one too, a number, or a number a channel. */
function imageInputs({ graph, known, node }: Site): string[] | undefined {
  if (!node.inputs.some((input) => graph.hasFirst(input))) return undefined;
  const turned = node.inputs.map((input) => {
    if (graph.hasFirst(input)) return graph.first(input);
    const constant = known.constant(input);
    return constant && perChannel(input, constant, graph);
  });
  return turned.every((input) => input !== undefined) ? turned : undefined;
}

/** A constant that differs only along the last axis, as [C, 1, 1]. */
function perChannel(name: string, tensor: Tensor, graph: Site["graph"]): string | undefined {
  const channels = tensor.dims.at(-1) ?? 1;
  if (tensor.size !== channels || tensor.dims.length > 4) return undefined;
  return channels === 1
    ? graph.constant(`${name}/scalar`, tensor.reshape([]))
    : graph.constant(`${name}/channels`, tensor.reshape([channels, 1, 1]));
}

/** What TensorFlow has in one operator and ONNX in two, the second on nothing but the result of the first. */
function twoSteps(first: string, second: string, inputs: { first: 1 | 2; second: 1 | 2 }): Operator {
  return {
    inputs: [inputs.first, inputs.first],
    convert({ graph, node }) {
      const made = graph.compute(`${node.outputs[0]}/${first.toLowerCase()}`, first, node.inputs);
      graph.emit(second, new Array<string>(inputs.second).fill(made), node.outputs);
    },
  };
}

const alpha = (without: number) => (site: Site) => ({ alpha: attribute.float(site.node, "alpha", without) });

/** x + bias along the channels: the last axis, or axis 1 of [N, C, H, W]. */
const biasAdd: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, known, node } = site;
    const [x, bias] = node.inputs;
    if (attribute.text(node, "data_format", "NHWC") === "NHWC") return binary("Add").convert(site);
    const constant = known.constant(bias);
    if (constant?.dims.length !== 1) throw unsupported(node, "a constant vector for bias", `"${bias}"`);
    const shaped = graph.constant(`${bias}/channels`, constant.reshape([constant.size, 1, 1]));
    graph.emit("Add", [x, shaped], node.outputs);
  },
};

/** Same names, or nearly, and the same meaning. */
const renamed: Readonly<Record<string, string>> = {
  Abs: "Abs",
  Ceil: "Ceil",
  Cos: "Cos",
  Erf: "Erf",
  Exp: "Exp",
  Floor: "Floor",
  Inv: "Reciprocal",
  Log: "Log",
  LogicalNot: "Not",
  Neg: "Neg",
  Reciprocal: "Reciprocal",
  Relu: "Relu",
  Round: "Round",
  Sigmoid: "Sigmoid",
  Sign: "Sign",
  Sin: "Sin",
  Softplus: "Softplus",
  Softsign: "Softsign",
  Sqrt: "Sqrt",
  Tanh: "Tanh",
};

const renamedBinary: Readonly<Record<string, string>> = {
  Add: "Add",
  AddV2: "Add",
  Div: "Div",
  Equal: "Equal",
  Greater: "Greater",
  GreaterEqual: "GreaterOrEqual",
  Less: "Less",
  LessEqual: "LessOrEqual",
  LogicalAnd: "And",
  LogicalOr: "Or",
  Maximum: "Max",
  Minimum: "Min",
  Mul: "Mul",
  Pow: "Pow",
  RealDiv: "Div",
  Sub: "Sub",
};

const mapped = (names: Readonly<Record<string, string>>, make: (op: string) => Operator): Operators =>
  Object.fromEntries(Object.entries(names).map(([name, op]) => [name, make(op)]));

export const elementwise: Operators = {
  ...mapped(renamed, (op) => unary(op)),
  ...mapped(renamedBinary, binary),
  BiasAdd: biasAdd,
  Elu: unary("Elu"),
  LeakyRelu: unary("LeakyRelu", alpha(0.2)),
  Relu6: clip(0, 6),
  Rsqrt: twoSteps("Sqrt", "Reciprocal", { first: 1, second: 1 }),
  Selu: unary("Selu"),
  SquaredDifference: twoSteps("Sub", "Mul", { first: 2, second: 2 }),
  Square: {
    inputs: [1, 1],
    convert: ({ graph, node }) => graph.emit("Mul", [node.inputs[0], node.inputs[0]], node.outputs),
  },
  AddN: {
    inputs: [1, Number.POSITIVE_INFINITY],
    convert: ({ graph, node }) => graph.emit("Sum", node.inputs, node.outputs),
  },
};
