/**
 * @file 2^x of vectors, for scores that were multiplied by log2 e with everything else they are multiplied by:
 * x = n + r, a polynomial in r within ±1/2 with the least largest relative error, and n added to the exponent's bits.
 */
import {
  type Code,
  constant,
  f32x4Add,
  f32x4PseudoMaximum,
  f32x4Subtract,
  get,
  i32,
  i32x4Add,
  i32x4RelaxedTruncate,
  i32x4ShiftLeft,
  i32x4Truncate,
  set,
  vectorAnd,
  vectorOr,
} from "./instructions.ts";
import { type Lane, multiplyAdd, ONE } from "./exp-code.ts";

/**
 * -60: what is below counts as that. 2^-60 of a largest probability is as good as nothing, and no product of it with a
 * number of usual size is denormal, which processors are slow with.
 */
const LOWEST = 0xc2700000;
/** 1.5 x 2^23: added, it leaves the nearest whole number in the last bits. */
const ROUNDING = 0x4b400000;
/** From the fifth power of r down: 9e-8, 1.8e-7 in float32. */
const POLYNOMIAL = [...[0x3aaddd0a, 0x3c1e7544, 0x3d635ba9, 0x3e75fcde, 0x3f317215], ONE] as const;

/** 2^23: what an exponent is multiplied by in the bits of a float. */
export const EXPONENT_UNIT = 2 ** 23;
const MANTISSA = 0x007fffff;
/** -60 of those. */
const LOWEST_SCORE = 0xcdf00000;
/**
 * 2^(m - 1) for m from 1 to 2, from the fourth power down: 2.6e-6, 2.7e-6 in float32. PyTorch's attention on a CPU has
 * 2.4e-6 (exp_u20, 20 units in the last place).
 */
const SHORT = [0x3c5dbe6a, 0xbb0b4720, 0x3e2a9cb3, 0x3e9fc091, 0x3f028d04] as const;

/** y = 2^x of each lane, x going to waste, one operation of all of them after the other. */
export function powersOfTwo(of: readonly Lane[], relaxed: boolean): Code {
  const [highest, ...others] = POLYNOMIAL;
  const each = (step: (lane: Lane) => Code): Code => of.flatMap(step);
  return [
    ...of.flatMap(({ x }) => [
      ...[...get(x), ...constant(LOWEST), ...f32x4PseudoMaximum, ...set(x)],
    ]),
    ...each(({ x, n }) => [...get(x), ...constant(ROUNDING), ...f32x4Add, ...set(n)]),
    ...each(({ n, y }) => [...get(n), ...constant(ROUNDING), ...f32x4Subtract, ...set(y)]),
    ...each(({ x, y }) => [...get(x), ...get(y), ...f32x4Subtract, ...set(x)]),
    ...each(({ y }) => [...constant(highest), ...set(y)]),
    ...others.flatMap((factor) =>
      each(({ x, y }) => [...multiplyAdd(relaxed, get(y), get(x), constant(factor)), ...set(y)]),
    ),
    ...each(({ n, y }) => [
      ...[...get(n), ...i32(23), ...i32x4ShiftLeft, ...get(y), ...i32x4Add, ...set(y)],
    ]),
  ];
}

/**
 * y = 2^(x / 2^23) of scores, roughly: their whole part is the exponent as it stands in a float's bits, and what is left of
 * the bits the mantissa m of another.
 */
export function powersOfScores(of: readonly Lane[], relaxed: boolean): Code {
  const each = (step: (lane: Lane) => Code): Code => of.flatMap(step);
  const [highest, ...others] = SHORT;
  return [
    ...each(({ x, n }) => [
      ...[...get(x), ...(relaxed ? i32x4RelaxedTruncate : i32x4Truncate), ...set(n)],
    ]),
    ...each(({ x, n }) => [
      ...[...get(n), ...constant(MANTISSA), ...vectorAnd],
      ...[...constant(ONE), ...vectorOr, ...set(x)],
    ]),
    ...each(({ y }) => [...constant(highest), ...set(y)]),
    ...others.flatMap((factor) =>
      each(({ x, y }) => [...multiplyAdd(relaxed, get(y), get(x), constant(factor)), ...set(y)]),
    ),
    ...each(({ n, y }) => [
      ...[...get(n), ...constant(~MANTISSA >>> 0), ...vectorAnd, ...get(y), ...i32x4Add, ...set(y)],
    ]),
  ];
}

/** The same of numbers that may be far below 0: what is below -60 counts as that. */
export function powersOfAnyScores(of: readonly Lane[], relaxed: boolean): Code {
  return [
    ...of.flatMap(({ x }) => [
      ...[...get(x), ...constant(LOWEST_SCORE), ...f32x4PseudoMaximum, ...set(x)],
    ]),
    ...powersOfScores(of, relaxed),
  ];
}
