/**
 * @file GroupNorm with its scale and shift, and SiLU after it where asked for, and its gradient (norm-group.ts):
 *   u = γ x̂ + β,   y = u or u σ(u),   dx̂ = γ ∘ du,   du = dy or dy ∘ σ(u) (1 + u (1 - σ(u)))
 * Forward x [images, channels, pixels] is the query; for the gradient dy is, x is the value and what is added to it the
 * key. The bias is [γ | β | ε | 1 with SiLU], heads are the groups.
 */
import {
  type Code,
  constant,
  f32,
  f32LessThan,
  f32Load,
  f32x4Add,
  f32x4Divide,
  f32x4Multiply,
  f32x4PseudoMinimum,
  f32x4Subtract,
  get,
  i32,
  i32Add,
  i32And,
  i32DivideUnsigned,
  i32EqualsZero,
  i32RemainderUnsigned,
  loadSplat,
  loadVector,
  set,
  storeVector,
  when,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { powersOfTwo } from "./power-of-two.ts";
import { ONE } from "./exp-code.ts";
import { field, word } from "./fused-call.ts";
import { type NormGroup, vectorsOf } from "./norm-group.ts";

/** -log2 e, and the largest power of two that a sigmoid is computed with: 1 / (1 + 2^60) is as good as nothing. */
const MINUS_LOG2_E = 0xbfb8aa3b;
const LARGEST_POWER = 0x42700000;

export class GroupNorm {
  private readonly int: Record<
    "channels" | "groups" | "pixels" | "inGroup" | "channel" | "parameter",
    number
  >;
  private readonly factor: number;
  private readonly shift: number;
  private readonly u: number;
  private readonly sigma: number;
  private readonly lane: { readonly x: number; readonly n: number; readonly y: number };
  private readonly group: NormGroup;
  private readonly relaxed: boolean;

  constructor(locals: Locals, group: NormGroup, relaxed: boolean) {
    this.group = group;
    this.relaxed = relaxed;
    const int = (): number => locals.int();
    this.int = {
      ...{ channels: int(), groups: int(), pixels: int(), inGroup: int() },
      ...{ channel: int(), parameter: int() },
    };
    [this.factor, this.shift] = [locals.vector(), locals.vector()];
    [this.u, this.sigma] = [locals.vector(), locals.vector()];
    this.lane = { x: locals.vector(), n: locals.vector(), y: locals.vector() };
  }

  forward(): Code {
    const { group } = this;
    return this.eachGroup(
      group.forward(
        { x: field("query"), epsilon: this.setting(0) },
        this.eachChannel((silu) => [
          ...get(group.out),
          ...(silu ? [...get(this.u), ...this.sigmoid(), ...f32x4Multiply] : get(this.u)),
          ...storeVector(0),
        ]),
      ),
    );
  }

  backward(): Code {
    const { group, u, sigma } = this;
    const slope = [
      ...assign(sigma, this.sigmoid()),
      ...[...get(sigma), ...constant(ONE)],
      ...[...get(u), ...constant(ONE), ...get(sigma), ...f32x4Subtract, ...f32x4Multiply],
      ...[...f32x4Add, ...f32x4Multiply],
    ];
    return this.eachGroup(
      group.backward(
        { x: field("value"), dy: field("query"), epsilon: this.setting(0) },
        this.eachChannel((silu) => [
          ...group.collect([
            ...[...get(group.dy), ...loadVector(0)],
            ...(silu ? [...slope, ...f32x4Multiply] : []),
            // γ is the factor without the inverse deviation.
            ...[...get(this.int.parameter), ...loadSplat(0), ...f32x4Multiply],
          ]),
          ...advance(group.dy, i32(16)),
        ]),
      ),
    );
  }

  private eachGroup(body: Code): Code {
    const { channels, groups, pixels, inGroup } = this.int;
    return [
      ...assign(channels, field("queries")),
      ...assign(pixels, field("querySize")),
      ...assign(groups, [...word, ...i32(63), ...i32And]),
      ...assign(inGroup, [...get(channels), ...get(groups), ...i32DivideUnsigned]),
      ...this.group.each(
        product(field("batch"), get(groups)),
        product(get(inGroup), get(pixels)),
        body,
      ),
    ];
  }

  /** What the norm is set to, after γ and β. */
  private setting(index: number): Code {
    const parameters = product(get(this.int.channels), i32(2));
    return [...sum(field("bias"), floats(parameters)), ...f32Load(4 * index)];
  }

  /** The body for each vector of each channel, its numbers in x, u = γ x̂ + β. */
  private eachChannel(body: (silu: boolean) => Code): Code {
    const { channel, inGroup, groups, parameter, channels, pixels } = this.int;
    const { row, at, out, counter, x, mean, inverse } = this.group;
    const { factor, shift, u } = this;
    const hasSilu: Code = [...f32(0), ...this.setting(1), ...f32LessThan];
    const pixelsOf = (silu: boolean): Code =>
      times(
        counter,
        vectorsOf(pixels),
        assign(x, [...get(at), ...loadVector(0)]),
        [...get(x), ...get(factor), ...f32x4Multiply, ...get(shift), ...f32x4Add, ...set(u)],
        body(silu),
        advance(at, i32(16)),
        advance(out, i32(16)),
      );
    const first = product([...get(row), ...get(groups), ...i32RemainderUnsigned], get(inGroup));
    return [
      ...assign(parameter, sum(field("bias"), floats(first))),
      ...times(
        channel,
        get(inGroup),
        assign(factor, [
          ...[...get(parameter), ...loadSplat(0), ...get(inverse), ...f32x4Multiply],
        ]),
        assign(shift, [
          ...[...get(parameter), ...floats(get(channels)), ...i32Add, ...loadSplat(0)],
          ...[...get(mean), ...get(factor), ...f32x4Multiply, ...f32x4Subtract],
        ]),
        [...hasSilu, ...when(pixelsOf(true))],
        [...hasSilu, ...i32EqualsZero, ...when(pixelsOf(false))],
        advance(parameter, i32(4)),
      ),
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
