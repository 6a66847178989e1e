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
/** Coefficients from the highest power down. */
export const POWERS = {
  /** Of degree 5: 9e-8, 1.8e-7 in float32. */
  exact: [0x3aaddd0a, 0x3c1e7544, 0x3d635ba9, 0x3e75fcde, 0x3f317215, ONE],
  /**
   * Of degree 4: 2.6e-6, in float32 too. For probabilities, which PyTorch's attention on a CPU computes as roughly
   * (exp_u20, 20 units in the last place: 2.4e-6), and which are divided by their sum.
   */
  short: [0x3c1ccbeb, 0x3d650a20, 0x3e76036d, 0x3f31706e, 0x3f7ffff4],
} as const;
type Powers = (typeof POWERS)[keyof typeof POWERS];

/** y = 2^x of each lane, x going to waste, one operation of all of them after the other. */
export function powersOfTwo(of: readonly Lane[], relaxed: boolean, powers: Powers): Code {
  return [
    ...of.flatMap(({ x }) => [
      ...[...get(x), ...constant(LOWEST), ...f32x4PseudoMaximum, ...set(x)],
    ]),
    ...boundedPowersOfTwo(of, relaxed, powers),
  ];
}

/** The same, of numbers that are known to be within ±126. */
export function boundedPowersOfTwo(of: readonly Lane[], relaxed: boolean, powers: Powers): Code {
  const [highest, ...others] = powers;
  const each = (step: (lane: Lane) => Code): Code => of.flatMap(step);
  return [
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
