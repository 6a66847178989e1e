/**
 * @file CLIP's GELU, y = x σ(1.702 x), and its gradient, in one pass. With e = 2^(-1.702 |x| log2 e) and t = e / (1 + e),
 * which is σ(-1.702 |x|):
 *   y = max(x, 0) - |x| t,   dx = dy (σ + 1.702 x t (1 - t)),   σ = 1/2 + (1/2 - t) with the sign of x
 * x is the query; for the gradient dy is the query and x the value.
 */
import {
  type Code,
  constant,
  f32x4Absolute,
  f32x4Add,
  f32x4Divide,
  f32x4Multiply,
  f32x4PseudoMaximum,
  f32x4Subtract,
  get,
  i32,
  i32DivideUnsigned,
  i32GreaterUnsigned,
  i32ShiftLeft,
  i32Subtract,
  loadVector,
  set,
  storeVector,
  vectorAnd,
  vectorXor,
  when,
  zeros,
} from "./instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "./assemble.ts";
import { type Lane, ONE } from "./exp-code.ts";
import { field, THREAD } from "./fused-call.ts";
import { powersOfTwo } from "./power-of-two.ts";

/** Numbers of one turn of the loop, two vectors; a tensor has whole ones. */
export const QUICK_GELU_RUN = 8;

const HALF = 0x3f000000;
const SIGN = 0x80000000;
/** 1.702, and minus that times log2 e. */
const SLOPE = 0x3fd9db23;
const EXPONENT = 0xc01d265f;

interface Vector extends Lane {
  readonly given: number;
  readonly tail: number;
}

export class QuickGelu {
  private readonly vectors: readonly Vector[];
  private readonly at: { readonly x: number; readonly dY: number; readonly out: number };
  private readonly first: number;
  private readonly turns: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.vectors = [0, 1].map(() => {
      const [x, n, y, given, tail] = locals.vectors(5) as [number, number, number, number, number];
      return { x, n, y, given, tail };
    });
    this.at = { x: locals.int(), dY: locals.int(), out: locals.int() };
    [this.first, this.turns] = [locals.int(), locals.int()];
  }

  forward(): Code {
    return this.each(field("query"), ({ given, tail }) => [
      ...[...zeros, ...get(given), ...f32x4PseudoMaximum],
      ...[...get(given), ...f32x4Absolute, ...get(tail), ...f32x4Multiply, ...f32x4Subtract],
    ]);
  }

  backward(): Code {
    return this.each(field("value"), ({ given, tail }, offset) => [
      // 1/2 - t with the sign of x, and 1/2.
      ...[...constant(HALF), ...get(tail), ...f32x4Subtract],
      ...[...get(given), ...constant(SIGN), ...vectorAnd, ...vectorXor],
      ...[...constant(HALF), ...f32x4Add],
      ...[...get(given), ...constant(SLOPE), ...f32x4Multiply, ...get(tail), ...f32x4Multiply],
      ...[...constant(ONE), ...get(tail), ...f32x4Subtract, ...f32x4Multiply, ...f32x4Add],
      ...[...get(this.at.dY), ...loadVector(offset), ...f32x4Multiply],
    ]);
  }

  /** The result of every vector of this thread's, its x and t given. */
  private each(x: Code, result: (vector: Vector, offset: number) => Code): Code {
    const { at, first, turns, vectors } = this;
    const from = (tensor: Code): Code => sum(tensor, [...get(first), ...i32(5), ...i32ShiftLeft]);
    return [
      ...assign(first, share(get(THREAD))),
      ...assign(turns, [...[...share(sum(get(THREAD), i32(1))), ...get(first), ...i32Subtract]]),
      ...assign(at.x, from(x)),
      ...assign(at.dY, from(field("query"))),
      ...assign(at.out, from(field("output"))),
      ...[...get(turns), ...i32(0), ...i32GreaterUnsigned],
      ...when(
        times(
          turns,
          get(turns),
          vectors.flatMap(({ given, x: power }, i) => [
            ...[...get(at.x), ...loadVector(16 * i), ...set(given)],
            ...[...get(given), ...f32x4Absolute, ...constant(EXPONENT), ...f32x4Multiply],
            ...set(power),
          ]),
          powersOfTwo(vectors, this.relaxed),
          vectors.flatMap(({ y, tail }) => [
            ...[...get(y), ...constant(ONE), ...get(y), ...f32x4Add, ...f32x4Divide, ...set(tail)],
          ]),
          vectors.flatMap((vector, i) => [
            ...[...get(at.out), ...result(vector, 16 * i), ...storeVector(16 * i)],
          ]),
          ...[at.x, at.dY, at.out].map((place) => advance(place, i32(4 * QUICK_GELU_RUN))),
        ),
      ),
    ];
  }
}

const NUMBERS = product(product(field("batch"), field("queries")), field("querySize"));

/** Turns of the threads before. */
const share = (thread: Code): Code => [
  ...product([...NUMBERS, ...i32(QUICK_GELU_RUN), ...i32DivideUnsigned], thread),
  ...[...field("threads"), ...i32DivideUnsigned],
];
