// How a WebAssembly instruction is described: its opcode, its signature as text ("i32 v128 -> v128") and
// what follows it in the code (immediates). The types read the same text, so that one table of
// instructions gives the bytes, the text and the TypeScript signature of every operator.

/** What a value can be; `v128` is 16 bytes whose lanes the instruction chooses. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
/** What an instruction leaves behind. */
export type ResultType = ValueType | "none";
/** How the 16 bytes of a vector constant are written. */
export type Shape = "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2";

/** Byte offset added to the address of a load or store, and the promised alignment in bytes (a hint). */
export interface MemoryArgument {
  offset?: number;
  align?: number;
}

/** Immediates by kind, as an operator takes them after its operands. */
export interface ImmediatesOf {
  none: [];
  memory: [at?: MemoryArgument];
  lane: [lane: number];
  memoryLane: [lane: number, at?: MemoryArgument];
  shuffle: [lanes: readonly number[]];
  i32: [value: number];
  i64: [value: bigint];
  f32: [value: number];
  f64: [value: number];
  /** Fewer values than lanes are repeated: `v128.const("f32x4", 1)` is four ones. */
  v128: [shape: Shape, ...values: number[]];
  /** The index of the memory, always 0: memory.size, grow, fill; copy has two. */
  memoryIndex: [];
  memoryIndexes: [];
}
export type ImmediateKind = keyof ImmediatesOf;

/** One row of the table. Opcodes above 0xff are a prefix byte and a 12-bit number: 0xfd_113 is 0xfd, 0x113. */
export interface Instruction<S extends string = string, I extends ImmediateKind = ImmediateKind> {
  readonly code: number;
  readonly signature: S;
  readonly immediate: I;
  /** Bytes read or written by a load or store (its natural alignment), otherwise 0. */
  readonly bytes: number;
}

type Words<S extends string> = S extends `${infer First} ${infer Rest}` ? [First, ...Words<Rest>] : [S];
/** "i32 v128 -> v128" → ["i32", "v128"] */
export type OperandsOf<S extends string> = S extends `${infer Before} ->${string}` ? Words<Before> : [];
/** "i32 v128 -> v128" → "v128"; "i32 v128 ->" → "none" */
export type ResultOf<S extends string> = S extends `${string}-> ${infer After extends ValueType}`
  ? After
  : "none";

/** The same two readings at run time. */
export function operandTypes(signature: string): ValueType[] {
  return signature.split("->")[0].split(" ").filter(Boolean) as ValueType[];
}
export function resultType(signature: string): ResultType {
  return (signature.split("->")[1].trim() || "none") as ResultType;
}

type Rows<C, S extends string, I extends ImmediateKind> = { [K in keyof C]: Instruction<S, I> };

/** Rows that share a signature and, if any, a kind of immediate; a load or store names its bytes. */
export function each<
  const C extends Record<string, number>,
  const S extends string,
  const I extends ImmediateKind = "none",
>(signature: S, codes: C, immediate: I = "none" as I, bytes = 0): Rows<C, S, I> {
  const rows = Object.entries(codes).map(([name, code]) => [name, { code, signature, immediate, bytes }]);
  return Object.fromEntries(rows) as Rows<C, S, I>;
}
