// The contract of the kernels that slide windows over images; the conventions are those of `functions.ts`. An image is
// [lines, columns, channels]. Windows lie `windowStep` bytes apart on a line, lines of windows `lineStep`; results are
// dense, in the order of windows. Pointers need only the alignment of elements.

import type { Pointer } from "./functions.ts";

export interface WindowFunctions {
  /**
   * Lines of `lineBytes` with `before` bytes of fill before the first, `between` after each but the last, `after`
   * after that. Up to 15 bytes past the end of y are written.
   * @param fill a byte
   */
  pad_lines(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineBytes: number,
    before: number,
    between: number,
    after: number,
    fill: number,
  ): void;
  /**
   * Windows as rows of a dense matrix: `runs` runs of each, of `pieces` pieces of `pieceBytes` each. Up to 15 bytes
   * past the end of y are written.
   */
  gather_windows(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    runs: number,
    runStep: number,
    pieces: number,
    pieceStep: number,
    pieceBytes: number,
  ): void;
  /**
   * y[w,c] = Σp x[place p of window w, c]·weights[p,c] in the order of p from 0, + bias[c], limited to low … high.
   * @param offsets int32[places], where a window's places are from its first byte on
   * @param weights float32[places, channels]
   * @param bias float32[channels], optional
   */
  depthwise_f32(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
    weights: Pointer,
    bias: Pointer,
    low: number,
    high: number,
  ): void;
  /**
   * y[w,c] = Σp (x[place p of window w, c] − xZero)·weights[p,c] + bias[c], requantized to bytes, rounding `even`.
   * @param offsets int32[places, rounded up to 4]: where a window's places are; for the places too many any that exist
   * @param weights int8[places, channels] in panels
   * @param sums int32[channels], Σp weights[p,c]
   * @param scratch int32[channels, rounded up to 16]
   * @param bias … flip as for `matmul_u8s8_u8`
   */
  depthwise_u8s8_u8(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
    weights: Pointer,
    xZero: number,
    sums: Pointer,
    scratch: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
  ): void;
  /** The same, rounding `double`. */
  depthwise_u8s8_u8_fixed(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
    weights: Pointer,
    xZero: number,
    sums: Pointer,
    scratch: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
    powers: Pointer,
    lefts: Pointer,
  ): void;
  /**
   * The same for kernels of lines and columns, `groups` groups of 4 lines of `kernelColumns` columns, these `dilation`
   * columns apart; windows are `windowColumns` apart.
   * @param columns of the image that windows reach
   * @param offsets int32[4·groups], from the first line of a window to each; for the lines too many any that exist
   * @param weights int8[kernelColumns·4·groups, channels] in panels, 0 for the lines too many
   * @param turned columns·groups·64 bytes of scratch memory
   */
  depthwise_lines_u8s8_u8(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowColumns: number,
    columns: number,
    offsets: Pointer,
    groups: number,
    kernelColumns: number,
    dilation: number,
    channels: number,
    weights: Pointer,
    xZero: number,
    sums: Pointer,
    scratch: Pointer,
    turned: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
  ): void;
  /** The same, rounding `double`. */
  depthwise_lines_u8s8_u8_fixed(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowColumns: number,
    columns: number,
    offsets: Pointer,
    groups: number,
    kernelColumns: number,
    dilation: number,
    channels: number,
    weights: Pointer,
    xZero: number,
    sums: Pointer,
    scratch: Pointer,
    turned: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
    powers: Pointer,
    lefts: Pointer,
  ): void;
  /** y[w,c] = the largest of the places of window w, in their order from −∞ (0, −128) on; a NaN is passed over. */
  window_max_f32(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
  ): void;
  window_max_u8(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
  ): void;
  window_max_s8(
    x: Pointer,
    y: Pointer,
    lines: number,
    lineStep: number,
    windows: number,
    windowStep: number,
    offsets: Pointer,
    places: number,
    channels: number,
  ): void;
}
