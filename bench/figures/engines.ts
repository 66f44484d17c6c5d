// The engines' picture: how long a second of audio takes, and a token.

import { svgOf } from "../../src/charts/svg.ts";
import type { EngineResult } from "../engines/compare.ts";
import { bars, colourOf } from "./bars.ts";

export function enginesFigure(results: readonly EngineResult[]): string {
  const panel = (title: string, label: string, value: (result: EngineResult) => number, digits: number) => ({
    title,
    plot: bars(
      results.map((result) => ({
        ...{ label: result.engine, value: value(result), fill: colourOf(result.engine) },
        text: value(result).toFixed(digits),
      })),
      { label },
    ),
  });
  return svgOf("Moonshine tiny in several engines", [
    panel("milliseconds for a second of audio", "ms →", ({ rtf }) => rtf * 1000, 1),
    panel("… of which the encoder", "ms →", ({ encoderRtf }) => encoderRtf * 1000, 1),
    panel("milliseconds for a token", "ms →", ({ msPerToken }) => msPerToken, 1),
  ]);
}
