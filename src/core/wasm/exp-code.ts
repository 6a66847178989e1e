/**
 * @file The exponentials of a softmax in WebAssembly: exp(x - maximum) of every element, and their sum. As MLAS computes
 * it (x = n ln 2 + r, a polynomial of degree 6 in r with MLAS's coefficients, 2^n put together from bits: onnxruntime,
 * core/mlas/lib/compute.cpp), four vectors side by side, so that no vector waits for itself; where the engine has relaxed
 * SIMD, multiply and add are one instruction.
 */
import { functionBody, Locals } from "./assemble.ts";
import {
  branchIf,
  type Code,
  constant,
  f32x4Add,
  f32x4PseudoMaximum,
  f32x4Multiply,
  f32x4RelaxedMultiplyAdd,
  f32x4Splat,
  extractFloat,
  get,
  i32,
  i32Add,
  i32GreaterUnsigned,
  i32Subtract,
  i32x4Add,
  i32x4ShiftLeft,
  lastThree,
  lastTwo,
  loadSplat,
  loadVector,
  loop,
  set,
  storeFloat,
  storeVector,
  tee,
  when,
} from "./instructions.ts";

/** (input, output, count: i32, negative maximum: f32) gives the sum: f32. */
const [INPUT, OUTPUT, COUNT, NEGATIVE_MAXIMUM] = [0, 1, 2, 3] as const;
const PARAMETERS = 4;

const LOWEST = 0xc2b0c0a5;
export const LOG2_E = 0x3fb8aa3b;
/** 1.5 x 2^23: added, it leaves the nearest whole number in the last bits. */
const ROUNDING = 0x4b400000;
const MINUS_ROUNDING = 0xcb400000;
/** ln 2 in two parts, negative. */
const MINUS_LN2 = [0xbf317200, 0xb5bfbe8e] as const;
/** From the highest power down to the first; the last is 1. */
const POLYNOMIAL = [
  0x3ab4a000, 0x3c092f6e, 0x3d2aadad, 0x3e2aaa28, 0x3efffffb, 0x3f800000,
] as const;
export const ONE = 0x3f800000;

/** Elements of one turn of the loop. */
const TURN = 16;

/** Locals of one vector: what goes in, n as a float with its bits at the end, and what comes out. */
export interface Lane {
  readonly x: number;
  readonly n: number;
  readonly y: number;
}

/** a * b + c, where the three are code that leaves one vector each. */
export const multiplyAdd = (relaxed: boolean, a: Code, b: Code, c: Code): Code =>
  relaxed
    ? [...a, ...b, ...c, ...f32x4RelaxedMultiplyAdd]
    : [...a, ...b, ...f32x4Multiply, ...c, ...f32x4Add];

/** y = exp(x) of each lane, x going to waste, one operation of all of them after the other. */
function exponential(of: readonly Lane[], relaxed: boolean): Code {
  const each = (step: (lane: Lane) => Code): Code => of.flatMap(step);
  return [
    ...each(({ x }) => [...get(x), ...constant(LOWEST), ...f32x4PseudoMaximum, ...set(x)]),
    ...each(({ x, n }) => [
      ...multiplyAdd(relaxed, get(x), constant(LOG2_E), constant(ROUNDING)),
      ...set(n),
    ]),
    ...each(({ n, y }) => [...get(n), ...constant(MINUS_ROUNDING), ...f32x4Add, ...set(y)]),
    ...MINUS_LN2.flatMap((part) =>
      each(({ x, y }) => [...multiplyAdd(relaxed, get(y), constant(part), get(x)), ...set(x)]),
    ),
    ...each(({ y }) => [...constant(POLYNOMIAL[0]), ...set(y)]),
    ...[...POLYNOMIAL.slice(1), ONE].flatMap((factor) =>
      each(({ x, y }) => [...multiplyAdd(relaxed, get(y), get(x), constant(factor)), ...set(y)]),
    ),
    ...each(({ n, y }) => [
      ...[...get(n), ...i32(23), ...i32x4ShiftLeft, ...constant(ONE), ...i32x4Add],
      ...[...get(y), ...f32x4Multiply, ...set(y)],
    ]),
  ];
}

/** The function's body, locals and all. */
export function exponentials(relaxed: boolean): Code {
  const locals = new Locals(PARAMETERS);
  const [shift, sum] = [locals.vector(), locals.vector()];
  const lanes = [0, 1, 2, 3].map(() => ({
    x: locals.vector(),
    n: locals.vector(),
    y: locals.vector(),
  }));

  const shifted = (x: number, load: Code): Code => [
    ...[...get(INPUT), ...load, ...get(shift), ...f32x4Add, ...set(x)],
  ];
  const addTo = (value: Code): Code => [...get(sum), ...value, ...f32x4Add, ...set(sum)];
  const advance = (local: number, bytes: number): Code => [
    ...[...get(local), ...i32(bytes), ...i32Add, ...set(local)],
  ];
  /** Counts down by so many elements and goes on where more than `least` are left. */
  const again = (elements: number, least: number): Code => [
    ...[...get(COUNT), ...i32(elements), ...i32Subtract, ...tee(COUNT)],
    ...[...i32(least), ...i32GreaterUnsigned, ...branchIf(0)],
  ];
  const whileMoreThan = (least: number, elements: number, ...body: Code[]): Code => [
    ...[...get(COUNT), ...i32(least), ...i32GreaterUnsigned],
    ...when(loop(...body, advance(INPUT, 4 * elements), again(elements, least))),
  ];
  /** MLAS asks for the sum alone with an output of 0. */
  const storeEach = (bytes: number, ...stores: Code[]): Code => [
    ...get(OUTPUT),
    ...when(...stores, advance(OUTPUT, bytes)),
  ];
  const one = lanes[0]!;

  return functionBody(
    locals,
    [...get(NEGATIVE_MAXIMUM), ...f32x4Splat, ...set(shift)],
    whileMoreThan(
      TURN - 1,
      TURN,
      ...lanes.map(({ x }, i): Code => shifted(x, loadVector(16 * i))),
      exponential(lanes, relaxed),
      ...lanes.map(({ y }) => addTo(get(y))),
      storeEach(
        4 * TURN,
        ...lanes.map(({ y }, i): Code => [...get(OUTPUT), ...get(y), ...storeVector(16 * i)]),
      ),
    ),
    whileMoreThan(
      3,
      4,
      shifted(one.x, loadVector(0)),
      exponential([one], relaxed),
      addTo(get(one.y)),
      storeEach(16, [...get(OUTPUT), ...get(one.y), ...storeVector(0)]),
    ),
    // The four sums in the first lane; what is single is added there.
    addTo([...get(sum), ...get(sum), ...lastTwo]),
    addTo([...get(sum), ...get(sum), ...lastThree]),
    whileMoreThan(
      0,
      1,
      shifted(one.x, loadSplat(0)),
      exponential([one], relaxed),
      addTo(get(one.y)),
      storeEach(4, [...get(OUTPUT), ...get(one.y), ...storeFloat]),
    ),
    [...get(sum), ...extractFloat],
  );
}
