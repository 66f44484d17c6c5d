// Shape rules of recurrent layers: ONNX's, and octavox's walks over time.

import { type Dim, isConstant } from "../dim.ts";
import { type Facts, fact, type Rule, type Rules, type Site } from "./site.ts";

/**
 * X [time, batch, input], W [directions, gates·hidden, input], R; layout 1 puts the batch first.
 * Y [time, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; with octavox's projection
 * [directions, hidden, projected] as last input of an LSTM, Y and Y_h have the projected size.
 */
function recurrent(states: number): Rule {
  return (site) => {
    const [x, r] = [site.ranked(0, 3), site.ranked(2, 3)];
    const hidden = r?.[2] ?? (site.node.attributes.hidden_size as number | undefined);
    if (!x || hidden === undefined) return site.node.outputs.flatMap(() => site.like(0, undefined));
    const directions = site.text("direction", "forward") === "bidirectional" ? 2 : 1;
    const batchFirst = site.number("layout", 0) === 1;
    const [time, batch] = batchFirst ? [x[1], x[0]] : [x[0], x[1]];
    const sequence = batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden];
    const state = (width: Dim) => (batchFirst ? [batch, directions, width] : [directions, batch, width]);
    const widths = [hidden, site.dims(8)?.[1] ?? hidden].slice(0, states);
    return [...site.like(0, sequence), ...widths.flatMap((width) => site.like(0, state(width)))];
  };
}

/** Dynamic-range LSTM of onnxruntime: W and R are transposed, [directions, input, gates·hidden]. */
function dynamicLstm(site: Site): Facts {
  const [x, hidden] = [site.ranked(0, 3), site.number("hidden_size", 0)];
  const directions = site.text("direction", "forward") === "bidirectional" ? 2 : 1;
  const state = x && [directions, x[1], hidden];
  return [
    ...site.like(0, x && [x[0], directions, x[1], hidden]),
    ...site.like(0, state),
    ...site.like(0, state),
  ];
}

/** Sizes of a walk: x [time, batch, gates·hidden]; the width of h is the number of rows of R. */
function walk(gates: number): Rule {
  return (site) => {
    const [x, r] = [site.ranked(0, 3), site.ranked(1, 2)];
    if (!x || !r) return site.node.outputs.map(() => undefined);
    const [time, batch, wide] = x;
    const hidden = isConstant(wide) ? wide / gates : site.fail("a number of gates", String(wide));
    if (!Number.isInteger(hidden)) site.fail(`${gates}·hidden values a frame`, `${wide}`);
    const [h, c] = [r[0], hidden].map((width) => fact("float32", [1, batch, width]));
    return [fact("float32", [time, batch, r[0]]), h, ...(gates === 4 ? [c] : [])];
  };
}

export const recurrence: Rules = {
  LSTM: recurrent(2),
  GRU: recurrent(1),
  RNN: recurrent(1),
  DynamicQuantizeLSTM: dynamicLstm,
  LstmSteps: walk(4),
  LstmStepsInteger: walk(4),
  LstmStepsInteger16: walk(4),
  GruSteps: walk(3),
  GruStepsInteger: walk(3),
  GruStepsInteger16: walk(3),
  /** gates, c → h, c */
  LstmCell: (site) => [...site.like(1, site.dims(1)), ...site.like(1, site.dims(1))],
};
