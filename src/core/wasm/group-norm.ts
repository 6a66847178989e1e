/**
 * @file GroupNorm with its scale and shift, and SiLU after it where asked for, a group of an image at a time in the cache,
 * and its gradient. With x̂ = (x - mean) / √(variance + ε), u = γ x̂ + β, y = u or u σ(u):
 *   dx̂ = γ ∘ du,   du = dy ∘ σ(u) (1 + u (1 - σ(u))),   dx = (dx̂ - mean(dx̂) - x̂ ∘ mean(dx̂ ∘ x̂)) / √(variance + ε)
 * The query is [γ (C) | β (C) | ε | 1 with SiLU]; heads are the groups, positions the images. For the gradient the value
 * is dy and then x, and dx is written in the place of the first.
 */
import {
  type Code,
  constant,
  extractFloat,
  f32,
  f32Add,
  f32ConvertUnsigned,
  f32Divide,
  f32LessThan,
  f32Load,
  f32SquareRoot,
  f32x4Add,
  f32x4Divide,
  f32x4Multiply,
  f32x4PseudoMinimum,
  f32x4Splat,
  f32x4Subtract,
  get,
  i32,
  i32Add,
  i32And,
  i32DivideUnsigned,
  i32EqualsZero,
  i32LessUnsigned,
  i32RemainderUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  lastThree,
  lastTwo,
  loadSplat,
  loadVector,
  set,
  storeVector,
  when,
  zeros,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { powersOfTwo } from "./power-of-two.ts";
import { ONE } from "./exp-code.ts";
import { field, THREAD, word } from "./fused-call.ts";

/** -log2 e, and the largest power of two that a sigmoid is computed with: 1 / (1 + 2^60) is as good as nothing. */
const MINUS_LOG2_E = 0xbfb8aa3b;
const LARGEST_POWER = 0x42700000;

export class GroupNorm {
  private readonly int: Record<
    | "channels"
    | "groups"
    | "images"
    | "pixels"
    | "inGroup"
    | "size"
    | "row"
    | "end"
    | "at"
    | "dy"
    | "out"
    | "channel"
    | "counter"
    | "parameter",
    number
  >;
  private readonly mean: number;
  private readonly inverse: number;
  private readonly factor: number;
  private readonly shift: number;
  private readonly total: number;
  private readonly second: number;
  private readonly x: number;
  private readonly u: number;
  private readonly sigma: number;
  private readonly lane: { readonly x: number; readonly n: number; readonly y: number };
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    const int = (): number => locals.int();
    this.int = {
      ...{ channels: int(), groups: int(), images: int(), pixels: int(), inGroup: int() },
      ...{ size: int(), row: int(), end: int(), at: int(), dy: int(), out: int() },
      ...{ channel: int(), counter: int(), parameter: int() },
    };
    [this.mean, this.inverse, this.factor, this.shift] = locals.vectors(4) as Four;
    [this.total, this.second, this.x, this.u] = locals.vectors(4) as Four;
    this.sigma = locals.vector();
    this.lane = { x: locals.vector(), n: locals.vector(), y: locals.vector() };
  }

  forward(): Code {
    const { out } = this.int;
    return this.eachGroup(field("value"), [
      ...this.statistics(),
      ...assign(out, this.rowOf(field("output"))),
      ...this.eachChannel((silu) => [
        ...this.normalised(),
        ...get(out),
        ...(silu ? [...get(this.u), ...this.sigmoid(), ...f32x4Multiply] : get(this.u)),
        ...[...storeVector(0), ...advance(out, i32(16))],
      ]),
    ]);
  }

  backward(): Code {
    const { out, at, dy, size, counter } = this.int;
    const { total, second, x, u, sigma } = this;
    const half = floats(field("valueSize"));
    /** x̂ of what is in x. */
    const hat = [
      ...get(x),
      ...get(this.mean),
      ...f32x4Subtract,
      ...get(this.inverse),
      ...f32x4Multiply,
    ];
    return this.eachGroup(sum(field("value"), half), [
      ...this.statistics(),
      ...assign(dy, this.rowOf(field("value"))),
      ...assign(out, this.rowOf(field("output"))),
      ...[...zeros, ...set(total), ...zeros, ...set(second)],
      ...this.eachChannel((silu) => [
        ...this.normalised(),
        ...get(dy),
        ...loadVector(0),
        ...(silu
          ? [
              ...[...this.sigmoid(), ...set(sigma), ...get(sigma)],
              ...[...constant(ONE), ...get(u), ...constant(ONE), ...get(sigma), ...f32x4Subtract],
              ...[...f32x4Multiply, ...f32x4Add, ...f32x4Multiply, ...f32x4Multiply],
            ]
          : []),
        // γ is the factor without the inverse deviation.
        ...[...get(this.int.parameter), ...loadSplat(0), ...f32x4Multiply, ...set(u)],
        ...[...get(total), ...get(u), ...f32x4Add, ...set(total)],
        ...[...get(second), ...get(u), ...hat, ...f32x4Multiply, ...f32x4Add, ...set(second)],
        ...[...get(out), ...get(u), ...storeVector(0)],
        ...[...advance(dy, i32(16)), ...advance(out, i32(16))],
      ]),
      ...this.meanOf(total),
      ...this.meanOf(second),
      ...assign(at, this.rowOf(sum(field("value"), half))),
      ...assign(out, this.rowOf(field("output"))),
      ...times(
        counter,
        quarterOf(size),
        [...get(at), ...loadVector(0), ...set(x)],
        [...get(out), ...get(out), ...loadVector(0), ...get(total), ...f32x4Subtract],
        [...hat, ...get(second), ...f32x4Multiply, ...f32x4Subtract],
        [...get(this.inverse), ...f32x4Multiply, ...storeVector(0)],
        advance(at, i32(16)),
        advance(out, i32(16)),
      ),
    ]);
  }

  /** The body for each of this thread's groups, `at` where its numbers of x begin. */
  private eachGroup(x: Code, body: Code): Code {
    const { channels, groups, images, pixels, inGroup, size, row, end, at } = this.int;
    const share = (thread: Code): Code => [
      ...product(product(get(images), get(groups)), thread),
      ...[...field("threads"), ...i32DivideUnsigned],
    ];
    return [
      ...assign(channels, [
        ...field("querySize"),
        ...i32(1),
        ...i32ShiftRightUnsigned,
        ...i32(1),
        ...i32Subtract,
      ]),
      ...assign(groups, [...word, ...i32(63), ...i32And]),
      ...assign(images, [...word, ...i32(6), ...i32ShiftRightUnsigned, ...i32(16_383), ...i32And]),
      ...assign(pixels, [
        ...[...field("valueSize"), ...product(get(images), get(channels)), ...i32DivideUnsigned],
      ]),
      ...assign(inGroup, [...get(channels), ...get(groups), ...i32DivideUnsigned]),
      ...assign(size, product(get(inGroup), get(pixels))),
      ...assign(row, share(get(THREAD))),
      ...assign(end, share(sum(get(THREAD), i32(1)))),
      ...[...get(row), ...get(end), ...i32LessUnsigned],
      ...when([
        ...assign(this.int.end, [...get(end), ...get(row), ...i32Subtract]),
        ...times(end, get(end), assign(at, this.rowOf(x)), body, advance(row, i32(1))),
      ]),
    ];
  }

  private rowOf(tensor: Code): Code {
    return sum(tensor, floats(product(get(this.int.row), get(this.int.size))));
  }

  /** Mean and 1 / √(variance + ε) of the group at `at`, in all lanes. */
  private statistics(): Code {
    const { at, counter, size, channels } = this.int;
    const { mean, total, x, inverse } = this;
    const parameter = (index: Code): Code => sum(field("query"), floats(index));
    const pass = (value: Code): Code => [
      ...[...zeros, ...set(total)],
      ...times(
        counter,
        quarterOf(size),
        [...get(at), ...loadVector(0), ...set(x)],
        [...get(total), ...value, ...f32x4Add, ...set(total)],
        advance(at, i32(16)),
      ),
      ...assign(at, [...get(at), ...floats(get(size)), ...i32Subtract]),
      ...this.meanOf(total),
    ];
    return [
      ...pass(get(x)),
      ...[...get(total), ...set(mean)],
      ...pass([
        ...[...get(x), ...get(mean), ...f32x4Subtract, ...set(x)],
        ...[...get(x), ...get(x), ...f32x4Multiply],
      ]),
      ...f32(ONE),
      ...[...get(total), ...extractFloat],
      ...[...parameter(product(get(channels), i32(2))), ...f32Load(0), ...f32Add],
      ...[...f32SquareRoot, ...f32Divide, ...f32x4Splat, ...set(inverse)],
    ];
  }

  /** The four sums of a vector, over the group's size, in all lanes. */
  private meanOf(local: number): Code {
    return [
      ...[...get(local), ...get(local), ...get(local), ...lastTwo, ...f32x4Add, ...set(local)],
      ...[...get(local), ...get(local), ...get(local), ...lastThree, ...f32x4Add],
      ...[...extractFloat, ...get(this.int.size), ...f32ConvertUnsigned, ...f32Divide],
      ...[...f32x4Splat, ...set(local)],
    ];
  }

  /** The body for each vector of each channel: `at` moves on, factor and shift are the channel's. */
  private eachChannel(body: (silu: boolean) => Code): Code {
    const { channel, inGroup, groups, row, parameter, channels, counter, pixels, at } = this.int;
    const hasSilu: Code = [
      ...f32(0),
      ...sum(field("query"), floats(product(get(channels), i32(2)))),
      ...[...f32Load(4), ...f32LessThan],
    ];
    const pixelsOf = (silu: boolean): Code =>
      times(counter, quarterOf(pixels), body(silu), advance(at, i32(16)));
    return [
      ...assign(
        parameter,
        sum(
          field("query"),
          floats(product([...get(row), ...get(groups), ...i32RemainderUnsigned], get(inGroup))),
        ),
      ),
      ...times(
        channel,
        get(inGroup),
        [...get(parameter), ...loadSplat(0), ...get(this.inverse), ...f32x4Multiply],
        set(this.factor),
        [...get(parameter), ...floats(get(channels)), ...i32Add, ...loadSplat(0)],
        [...get(this.mean), ...get(this.factor), ...f32x4Multiply, ...f32x4Subtract],
        set(this.shift),
        [...hasSilu, ...when(pixelsOf(true))],
        [...hasSilu, ...i32EqualsZero, ...when(pixelsOf(false))],
        advance(parameter, i32(4)),
      ),
    ];
  }

  /** x as it is, and u = γ x̂ + β. */
  private normalised(): Code {
    const { x, u, factor, shift } = this;
    return [
      ...[...get(this.int.at), ...loadVector(0), ...set(x)],
      ...[...get(x), ...get(factor), ...f32x4Multiply, ...get(shift), ...f32x4Add, ...set(u)],
    ];
  }

  /** σ(u) on the stack. */
  private sigmoid(): Code {
    const { lane, u, relaxed } = this;
    return [
      ...[...get(u), ...constant(MINUS_LOG2_E), ...f32x4Multiply],
      ...[...constant(LARGEST_POWER), ...f32x4PseudoMinimum, ...set(lane.x)],
      ...powersOfTwo([lane], relaxed),
      ...[...constant(ONE), ...constant(ONE), ...get(lane.y), ...f32x4Add, ...f32x4Divide],
    ];
  }
}

type Four = [number, number, number, number];

const quarterOf = (local: number): Code => [...get(local), ...i32(2), ...i32ShiftRightUnsigned];
