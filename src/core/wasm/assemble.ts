/** @file Locals by number as they are asked for, and the arithmetic that code for WebAssembly is mostly made of. */
import {
  branchIf,
  type Code,
  constantBits,
  constantVector,
  endOfFunction,
  get,
  I32,
  i32,
  i32Add,
  i32LessUnsigned,
  i32Multiply,
  i32ShiftLeft,
  i32Subtract,
  loop,
  select,
  set,
  tee,
  V128,
} from "./instructions.ts";
import { leb } from "./leb128.ts";

/** The locals of one function, after its parameters or other locals before them. */
export class Locals {
  private readonly types: number[] = [];
  private readonly first: number;

  constructor(first: number) {
    this.first = first;
  }

  int(): number {
    return this.add(I32);
  }

  vector(): number {
    return this.add(V128);
  }

  vectors(count: number): number[] {
    return Array.from({ length: count }, () => this.vector());
  }

  /** Groups of declarations: how many, and their bytes. */
  get declarations(): { readonly groups: number; readonly code: Code } {
    return { groups: this.types.length, code: this.types.flatMap((type) => [1, type]) };
  }

  private add(type: number): number {
    this.types.push(type);
    return this.first + this.types.length - 1;
  }
}

export const assign = (local: number, value: Code): Code => [...value, ...set(local)];
export const sum = (first: Code, ...rest: Code[]): Code => [
  ...first,
  ...rest.flatMap((term) => [...term, ...i32Add]),
];
export const product = (a: Code, b: Code): Code => [...a, ...b, ...i32Multiply];
/** The smaller of two numbers, each computed twice. */
export const smaller = (a: Code, b: Code): Code => [
  ...[...a, ...b, ...a, ...b, ...i32LessUnsigned, ...select],
];
/** A number of floats as bytes. */
export const floats = (count: Code): Code => [...count, ...i32(2), ...i32ShiftLeft];
export const advance = (local: number, bytes: Code): Code => assign(local, sum(get(local), bytes));

/** The body so many times, at least once; `counter` counts down to 0. */
export const times = (counter: number, count: Code, ...body: Code[]): Code => [
  ...assign(counter, count),
  ...loop(...body, [...get(counter), ...i32(1), ...i32Subtract, ...tee(counter)], branchIf(0)),
];

/**
 * A function's body: its declarations, its code, its end. Each vector constant is made once, at the start, and kept in a
 * local: V8 from version 12 on makes it wherever it is written, in several instructions, also in loops, and attention
 * took 1.4 times as long.
 */
export const functionBody = (locals: Locals, ...code: Code[]): Code => {
  const all = code.flat();
  const kept = new Map(
    [...new Set(all.filter((one) => one < 0))].map((one) => [one, locals.vector()] as const),
  );
  return [
    ...leb(locals.declarations.groups),
    ...locals.declarations.code,
    ...[...kept].flatMap(([one, local]) => [
      ...[...constantVector(constantBits(one)), ...set(local)],
    ]),
    ...all.flatMap((one) => (one < 0 ? get(kept.get(one)!) : one)),
    ...endOfFunction,
  ];
};
