/** @file The few instructions that our own code for WebAssembly is written with, as bytes (core specification 5.4). */
import { leb } from "./leb128.ts";

/** Bytes of one instruction or of several in a row. */
export type Code = readonly number[];

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

const BLOCK_WITHOUT_RESULT = 0x40;
const END = 0x0b;

/** A vector instruction: prefix 0xfd and its number. */
const vector = (number: number): Code => [0xfd, ...leb(number)];
/** Alignment as a power of two, which is a hint, and an offset in bytes. */
const memory = (align: number, offset: number): Code => [align, ...leb(offset)];

export const get = (local: number): Code => [0x20, ...leb(local)];
export const set = (local: number): Code => [0x21, ...leb(local)];
export const tee = (local: number): Code => [0x22, ...leb(local)];

/** A constant from 0 to 8191: signed LEB128 of two bytes at most. */
export const i32 = (value: number): Code =>
  value < 64 ? [0x41, value] : [0x41, (value & 0x7f) | 0x80, value >> 7];
export const i32LessUnsigned: Code = [0x49];
export const i32GreaterUnsigned: Code = [0x4b];
export const i32Add: Code = [0x6a];
export const i32Subtract: Code = [0x6b];
export const i32And: Code = [0x71];
export const i32ShiftLeft: Code = [0x74];

export const loop = (...body: Code[]): Code => [0x03, BLOCK_WITHOUT_RESULT, ...body.flat(), END];
export const when = (...body: Code[]): Code => [0x04, BLOCK_WITHOUT_RESULT, ...body.flat(), END];
/** To the start of the loop that is so many blocks out. */
export const branchIf = (depth: number): Code => [0x0d, ...leb(depth)];
export const giveBack: Code = [0x0f];

export const loadVector = (offset: number): Code => [...vector(0), ...memory(4, offset)];
export const loadSplat = (offset: number): Code => [...vector(9), ...memory(2, offset)];
export const storeVector = (offset: number): Code => [...vector(11), ...memory(4, offset)];
/** One float, or two, in front of zeros. */
export const loadFloat: Code = [...vector(92), ...memory(2, 0)];
export const loadTwoFloats: Code = [...vector(93), ...memory(3, 0)];
/** The first float of a vector, or the first two. */
export const storeFloat: Code = [...vector(90), ...memory(2, 0), 0];
export const storeTwoFloats: Code = [...vector(91), ...memory(3, 0), 0];
/** The last two floats of a vector, twice. */
export const lastTwo: Code = [
  ...vector(13),
  ...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15],
];
/** The last three floats of a vector, and the last one again. */
export const lastThree: Code = [
  ...vector(13),
  ...[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15],
];
export const extractFloat: Code = [...vector(31), 0];
/** A vector of four times the same 32 bits. */
export const constant = (bits: number): Code => {
  const bytes = [0, 8, 16, 24].map((shift) => (bits >>> shift) & 0xff);
  return [...vector(12), ...bytes, ...bytes, ...bytes, ...bytes];
};
export const zeros: Code = [...vector(12), ...Array.from({ length: 16 }, () => 0)];
export const f32x4Splat: Code = vector(19);
export const f32x4Add: Code = vector(228);
export const f32x4Multiply: Code = vector(230);
export const f32x4Maximum: Code = vector(233);
export const i32x4ShiftLeft: Code = vector(171);
export const i32x4Add: Code = vector(174);
/** a * b + c, rounded once or twice as the machine likes (relaxed SIMD proposal). */
export const f32x4RelaxedMultiplyAdd: Code = vector(261);
