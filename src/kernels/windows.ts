// Windows of an image [lines, columns, channels] as convolutions take them: the image with its padding around it, and
// windows one after another as the rows of a matrix. Both copy 16 bytes at a time, the last ones too: what is written
// past the end of a run is overwritten by the next, and at the very end up to 15 bytes past y.

import {
  type Code,
  type FunctionBuilder,
  i8x16,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { advance, VECTOR } from "./vectors.ts";

type Address = Local<"i32">;

export function addWindows(module: ModuleBuilder): void {
  addPad(module);
  addGather(module);
}

/** Writes ⌈bytes / 16⌉ vectors at `y`, which moves on by `bytes`; `value(at)` is the vector `at` bytes on. */
function run(
  f: FunctionBuilder,
  y: Address,
  bytes: Address,
  value: (at: Address) => Parameters<typeof v128.store>[1],
): Code {
  const at = f.local("i32", "at");
  return [f.for(at, 0, bytes, VECTOR, () => v128.store(i32.add(y, at), value(at))), y.set(i32.add(y, bytes))];
}

/** Lines of an image with fill before the first, between each two, and after the last. */
function addPad(module: ModuleBuilder): void {
  const params = {
    ...({ x: "i32", y: "i32", lines: "i32", lineBytes: "i32" } as const),
    ...({ before: "i32", between: "i32", after: "i32", fill: "i32" } as const),
  };
  module.func("pad_lines", { params }, (f, { x, y, lines, lineBytes, before, between, after, fill }) => {
    const pattern = f.local("v128", "pattern");
    const gap = (bytes: Address) => run(f, y, bytes, () => pattern.get);
    return [
      pattern.set(i8x16.splat(fill)),
      gap(before),
      f.while(lines, () => [
        run(f, y, lineBytes, (at) => v128.load(i32.add(x, at))),
        x.set(i32.add(x, lineBytes)),
        lines.set(i32.sub(lines, 1)),
        f.if(lines, () => gap(between)),
      ]),
      gap(after),
    ];
  });
}

/** Each window's runs, each in pieces, one after another. */
function addGather(module: ModuleBuilder): void {
  const params = {
    ...({ x: "i32", y: "i32", lines: "i32", lineStep: "i32", windows: "i32", windowStep: "i32" } as const),
    ...({ runs: "i32", runStep: "i32", pieces: "i32", pieceStep: "i32", pieceBytes: "i32" } as const),
  };
  module.func("gather_windows", { params }, (f, p) => {
    const [line, window, run0, piece] = f.locals("i32", 4, "from") as [Address, Address, Address, Address];
    const [windows, runs, pieces] = f.locals("i32", 3, "left") as [Address, Address, Address];
    const down = (count: Address) => count.set(i32.sub(count, 1));
    return [
      line.set(p.x),
      f.while(p.lines, () => [
        [window.set(line), windows.set(p.windows)],
        f.while(windows, () => [
          [run0.set(window), runs.set(p.runs)],
          f.while(runs, () => [
            [piece.set(run0), pieces.set(p.pieces)],
            f.while(pieces, () => [
              run(f, p.y, p.pieceBytes, (at) => v128.load(i32.add(piece, at))),
              [advance([piece], p.pieceStep), down(pieces)],
            ]),
            [advance([run0], p.runStep), down(runs)],
          ]),
          [advance([window], p.windowStep), down(windows)],
        ]),
        [advance([line], p.lineStep), down(p.lines)],
      ]),
    ];
  });
}
