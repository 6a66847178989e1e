/**
 * @file The gated GELU of transformers' feed-forward blocks (GEGLU), y = h ∘ gelu(g), and its gradient, in one pass:
 *   gelu(g) = max(g, 0) - |g| Φ(-|g|),   gelu'(g) = Φ(g) + g φ(g),   φ(g) = exp(-g²/2) / √(2π)
 *   Φ(-a) = exp(-a²/2) P(t),   t = 1 / (1 + 0.4 a / √2),   P of degree 8 without a constant
 * P is half of erfcx as polynomial in t, with the least largest relative error for a to 7√2: 1.7e-7, 2.9e-7 in float32.
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
  i32Add,
  i32DivideUnsigned,
  i32GreaterUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  set,
  storeVector,
  vectorAnd,
  vectorXor,
  when,
  zeros,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { powersOfTwo } from "./power-of-two.ts";
import { multiplyAdd, ONE } from "./exp-code.ts";
import { field, THREAD } from "./fused-call.ts";

const HALF = 0x3f000000;
/** 0.4 / √2. */
const SLOPE = 0x3e90d0c3;
/** -log2 e / 2. */
const EXPONENT = 0xbf38aa3b;
/** 1 / √(2π). */
const DENSITY = 0x3ecc422a;
const SIGN = 0x80000000;
/** Twice P, from the eighth power down to the first. */
const POLYNOMIAL = [
  ...[0x3d812f54, 0xbeaffc04, 0x3f168e47, 0xbe8cfec1],
  ...[0x3eb32e4c, 0x3e23ed61, 0x3e6e3354, 0x3e66a76c],
] as const;

export class GatedGelu {
  private readonly lane;
  private readonly g: number;
  private readonly h: number;
  private readonly t: number;
  private readonly tail: number;
  private readonly input: number;
  private readonly other: number;
  private readonly output: number;
  private readonly width: number;
  private readonly row: number;
  private readonly column: number;
  private readonly rows: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.lane = { x: locals.vector(), n: locals.vector(), y: locals.vector() };
    [this.g, this.h, this.t, this.tail] = locals.vectors(4) as [number, number, number, number];
    this.input = locals.int();
    this.other = locals.int();
    this.output = locals.int();
    this.width = locals.int();
    this.row = locals.int();
    this.column = locals.int();
    this.rows = locals.int();
  }

  /** input [R, 2D] = [h | g] as query, output [R, D]. */
  forward(): Code {
    return this.each({
      width: field("valueSize"),
      input: field("query"),
      other: field("query"),
      outputs: 1,
      body: [
        ...this.tails(),
        ...get(this.output),
        ...[...get(this.h), ...this.gelu(), ...f32x4Multiply],
        ...storeVector(0),
      ],
    });
  }

  /** dy [R, D] as query, input as value, output [R, 2D] = [dh | dg]. */
  backward(): Code {
    const dY = [...get(this.other), ...loadVector(0)];
    const secondHalf = sum(get(this.output), floats(get(this.width)));
    return this.each({
      width: field("querySize"),
      input: field("value"),
      other: field("query"),
      outputs: 2,
      body: [
        ...this.tails(),
        ...[...get(this.output), ...dY, ...this.gelu(), ...f32x4Multiply, ...storeVector(0)],
        ...secondHalf,
        ...[...dY, ...get(this.h), ...f32x4Multiply, ...this.slope(), ...f32x4Multiply],
        ...storeVector(0),
        ...advance(this.other, i32(16)),
      ],
    });
  }

  /** The body for every vector of this thread's rows, h and g loaded, `output` where the result goes. */
  private each(of: {
    readonly width: Code;
    readonly input: Code;
    readonly other: Code;
    /** Parts of the output as wide as h. */
    readonly outputs: 1 | 2;
    readonly body: Code;
  }): Code {
    const { width } = this;
    const share = (thread: Code): Code => [
      ...product(product(field("batch"), field("queries")), thread),
      ...[...field("threads"), ...i32DivideUnsigned],
    ];
    const rowsTo = (base: Code, parts: number): Code =>
      sum(base, floats(product(product(get(this.row), get(width)), i32(parts))));
    const rest = (parts: number): Code => floats(product(get(width), i32(parts - 1)));
    return [
      ...assign(width, of.width),
      ...assign(this.row, share(get(THREAD))),
      ...assign(this.rows, [
        ...[...share(sum(get(THREAD), i32(1))), ...get(this.row), ...i32Subtract],
      ]),
      ...assign(this.input, rowsTo(of.input, 2)),
      ...assign(this.other, rowsTo(of.other, 1)),
      ...assign(this.output, rowsTo(field("output"), of.outputs)),
      ...[...get(this.rows), ...i32(0), ...i32GreaterUnsigned],
      ...when(
        times(
          this.rows,
          get(this.rows),
          times(
            this.column,
            [...get(width), ...i32(2), ...i32ShiftRightUnsigned],
            [...get(this.input), ...loadVector(0), ...set(this.h)],
            [...get(this.input), ...floats(get(width)), ...i32Add, ...loadVector(0)],
            set(this.g),
            of.body,
            advance(this.input, i32(16)),
            advance(this.output, i32(16)),
          ),
          advance(this.input, rest(2)),
          advance(this.output, rest(of.outputs)),
        ),
      ),
    ];
  }

  /** tail = Φ(-|g|); the lane's y keeps exp(-g²/2), its x |g|. */
  private tails(): Code {
    const { lane, g, t, tail, relaxed } = this;
    return [
      ...[...get(g), ...get(g), ...f32x4Multiply, ...constant(EXPONENT), ...f32x4Multiply],
      ...set(lane.x),
      ...powersOfTwo([lane], relaxed),
      ...[...get(g), ...f32x4Absolute, ...set(lane.x)],
      ...constant(ONE),
      ...multiplyAdd(relaxed, get(lane.x), constant(SLOPE), constant(ONE)),
      ...[...f32x4Divide, ...set(t)],
      ...[...constant(POLYNOMIAL[0]), ...set(tail)],
      ...POLYNOMIAL.slice(1).flatMap((factor) => [
        ...multiplyAdd(relaxed, get(tail), get(t), constant(factor)),
        ...set(tail),
      ]),
      ...[...get(tail), ...get(t), ...f32x4Multiply, ...get(lane.y), ...f32x4Multiply],
      ...[...constant(HALF), ...f32x4Multiply, ...set(tail)],
    ];
  }

  private gelu(): Code {
    const { lane, g, tail } = this;
    return [
      ...[...zeros, ...get(g), ...f32x4PseudoMaximum],
      ...[...get(lane.x), ...get(tail), ...f32x4Multiply, ...f32x4Subtract],
    ];
  }

  /** Φ(g) + g φ(g), with Φ(g) = 1/2 + (1/2 - tail) and the sign of g. */
  private slope(): Code {
    const { lane, g, tail } = this;
    return [
      ...[...constant(HALF), ...constant(HALF), ...get(tail), ...f32x4Subtract],
      ...[...get(g), ...constant(SIGN), ...vectorAnd, ...vectorXor, ...f32x4Add],
      ...[...get(g), ...get(lane.y), ...f32x4Multiply, ...constant(DENSITY), ...f32x4Multiply],
      ...f32x4Add,
    ];
  }
}
