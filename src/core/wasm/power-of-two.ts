/**
 * @file 2^x of vectors, for scores that were multiplied by log2 e with everything else they are multiplied by:
 * x = n + r, a polynomial of degree 5 in r within ±1/2 (least largest relative error, 9e-8; 1.8e-7 in float32), and n
 * added to the exponent's bits.
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
  i32x4ShiftLeft,
  set,
} from "./instructions.ts";
import { type Lane, multiplyAdd, ONE } from "./exp-code.ts";

/**
 * -60: what is below counts as that. 2^-60 of a largest probability is as good as nothing, and no product of it with a
 * number of usual size is denormal, which processors are slow with.
 */
const LOWEST = 0xc2700000;
/** 1.5 x 2^23: added, it leaves the nearest whole number in the last bits. */
const ROUNDING = 0x4b400000;
/** From the fifth power down to the first; the last is 1. */
const POLYNOMIAL = [0x3aaddd0a, 0x3c1e7544, 0x3d635ba9, 0x3e75fcde, 0x3f317215] as const;

/** y = 2^x of each lane, x going to waste, one operation of all of them after the other. */
export function powersOfTwo(of: readonly Lane[], relaxed: boolean): Code {
  return [
    ...of.flatMap(({ x }) => [
      ...[...get(x), ...constant(LOWEST), ...f32x4PseudoMaximum, ...set(x)],
    ]),
    ...boundedPowersOfTwo(of, relaxed),
  ];
}

/** The same, of numbers that are known to be within ±126. */
export function boundedPowersOfTwo(of: readonly Lane[], relaxed: boolean): Code {
  const each = (step: (lane: Lane) => Code): Code => of.flatMap(step);
  return [
    ...each(({ x, n }) => [...get(x), ...constant(ROUNDING), ...f32x4Add, ...set(n)]),
    ...each(({ n, y }) => [...get(n), ...constant(ROUNDING), ...f32x4Subtract, ...set(y)]),
    ...each(({ x, y }) => [...get(x), ...get(y), ...f32x4Subtract, ...set(x)]),
    ...each(({ y }) => [...constant(POLYNOMIAL[0]), ...set(y)]),
    ...[...POLYNOMIAL.slice(1), ONE].flatMap((factor) =>
      each(({ x, y }) => [...multiplyAdd(relaxed, get(y), get(x), constant(factor)), ...set(y)]),
    ),
    ...each(({ n, y }) => [
      ...[...get(n), ...i32(23), ...i32x4ShiftLeft, ...get(y), ...i32x4Add, ...set(y)],
    ]),
  ];
}
