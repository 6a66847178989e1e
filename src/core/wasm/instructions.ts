/** @file The few instructions that our own code for WebAssembly is written with, as bytes (core specification 5.4). */
import { leb } from "./leb128.ts";

/**
 * Bytes of one instruction or of several in a row. A number below 0 stands for a vector constant, which `functionBody`
 * puts where the engine does best with it.
 */
export type Code = readonly number[];

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

const BLOCK_WITHOUT_RESULT = 0x40;
const END = 0x0b;

/** Before the number of a function. */
export const CALL = 0x10;

/** A vector instruction: prefix 0xfd and its number. */
const vector = (number: number): Code => [0xfd, ...leb(number)];
/** Alignment as a power of two, which is a hint, and an offset in bytes. */
const memory = (align: number, offset: number): Code => [align, ...leb(offset)];

export const get = (local: number): Code => [0x20, ...leb(local)];
export const set = (local: number): Code => [0x21, ...leb(local)];
export const tee = (local: number): Code => [0x22, ...leb(local)];

/** A constant, as signed LEB128. */
export const i32 = (value: number): Code => {
  const bytes = [0x41];
  for (let rest = value; ; rest >>= 7) {
    const low = rest & 0x7f;
    const ends = rest >> 6 === 0 || rest >> 6 === -1;
    bytes.push(ends ? low : low | 0x80);
    if (ends) return bytes;
  }
};
export const i32Load = (offset: number): Code => [0x28, ...memory(2, offset)];
export const i32Store = (offset: number): Code => [0x36, ...memory(2, offset)];
export const i32EqualsZero: Code = [0x45];
export const i32Equal: Code = [0x46];
export const i32LessUnsigned: Code = [0x49];
export const i32GreaterUnsigned: Code = [0x4b];
export const i32Add: Code = [0x6a];
export const i32Subtract: Code = [0x6b];
export const i32Multiply: Code = [0x6c];
export const i32DivideUnsigned: Code = [0x6e];
export const i32RemainderUnsigned: Code = [0x70];
export const i32And: Code = [0x71];
export const i32ShiftLeft: Code = [0x74];
export const i32ShiftRightUnsigned: Code = [0x76];
/** Of a float that is no less than 0 and below 2^32. */
export const i32TruncateUnsigned: Code = [0xa9];
export const f32Load = (offset: number): Code => [0x2a, ...memory(2, offset)];
export const f32 = (bits: number): Code => [
  0x43,
  ...[0, 8, 16, 24].map((shift) => (bits >>> shift) & 0xff),
];
export const f32Add: Code = [0x92];
export const f32LessThan: Code = [0x5d];
export const f32Negate: Code = [0x8c];
export const f32SquareRoot: Code = [0x91];
export const f32Divide: Code = [0x95];
export const f32ConvertUnsigned: Code = [0xb3];

export const loop = (...body: Code[]): Code => [0x03, BLOCK_WITHOUT_RESULT, ...body.flat(), END];
export const when = (...body: Code[]): Code => [0x04, BLOCK_WITHOUT_RESULT, ...body.flat(), END];
export const whenElse = (then: Code, otherwise: Code): Code => [
  ...[0x04, BLOCK_WITHOUT_RESULT, ...then],
  ...[0x05, ...otherwise, END],
];
/** To the start of the loop that is so many blocks out. */
export const branchIf = (depth: number): Code => [0x0d, ...leb(depth)];
/** Of the function with that number. */
export const call = (number: number): Code => [CALL, ...leb(number)];
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
/** Four of the eight floats of two vectors. */
export const shuffleFloats = (...from: readonly [number, number, number, number]): Code => [
  ...vector(13),
  ...from.flatMap((at) => [4 * at, 4 * at + 1, 4 * at + 2, 4 * at + 3]),
];
/** The last two floats of a vector, twice. */
export const lastTwo: Code = shuffleFloats(2, 3, 2, 3);
/** The last three floats of a vector, and the last one again. */
export const lastThree: Code = shuffleFloats(1, 2, 3, 3);
export const extractFloat: Code = [...vector(31), 0];
/** Memory from an address filled with a byte: address, byte, length. */
export const fillMemory: Code = [0xfc, 11, 0];
export const drop: Code = [0x1a];
/** The first of two values where a number is not 0, the second else. */
export const select: Code = [0x1b];
/** The end of a function. */
export const endOfFunction: Code = [END];
export const f32x4Absolute: Code = vector(224);
export const vectorAnd: Code = vector(78);
export const vectorOr: Code = vector(80);
export const vectorXor: Code = vector(81);
/** Whole numbers of floats, toward 0; the relaxed one is a single instruction and wants numbers that fit. */
export const i32x4Truncate: Code = vector(248);
export const i32x4RelaxedTruncate: Code = vector(257);
/** One lane of a vector to memory. */
export const storeLane = (lane: number, offset: number): Code => [
  ...vector(90),
  ...memory(2, offset),
  lane,
];
/** A vector of four times the same 32 bits, as functions of ours have it. */
export const constant = (bits: number): Code => [-1 - (bits >>> 0)];
/** The 32 bits that such a number stands for. */
export const constantBits = (code: number): number => -1 - code;
/** The instruction that makes such a vector. */
export const constantVector = (bits: number): Code => {
  const bytes = [0, 8, 16, 24].map((shift) => (bits >>> shift) & 0xff);
  return [...vector(12), ...bytes, ...bytes, ...bytes, ...bytes];
};
export const zeros: Code = [...vector(12), ...Array.from({ length: 16 }, () => 0)];
export const f32x4Splat: Code = vector(19);
/** Each lane all ones where a < b, and zero where not or where one of them is no number. */
export const f32x4LessThan: Code = vector(67);
/** 1 where no lane is zero. */
export const allTrue: Code = vector(163);
export const f32x4Add: Code = vector(228);
export const f32x4Subtract: Code = vector(229);
export const f32x4Divide: Code = vector(231);
export const f32x4Multiply: Code = vector(230);
/** b where b < a, and a else: one instruction. */
export const f32x4PseudoMinimum: Code = vector(234);
/** b where a < b, and a else: one instruction, where the maximum that knows NaN is eight. */
export const f32x4PseudoMaximum: Code = vector(235);
export const i32x4ShiftLeft: Code = vector(171);
export const i32x4Add: Code = vector(174);
/** a * b + c, rounded once or twice as the machine likes (relaxed SIMD proposal). */
export const f32x4RelaxedMultiplyAdd: Code = vector(261);
