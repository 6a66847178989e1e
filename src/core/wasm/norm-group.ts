/**
 * @file What norms share: groups of consecutive numbers that are brought to mean 0 and variance 1 together, and back,
 *   x̂ = (x - mean) / √(variance + ε),   dx = (dx̂ - mean(dx̂) - x̂ ∘ mean(dx̂ ∘ x̂)) / √(variance + ε)
 * a group at a time in the cache, some of them for each thread.
 */
import {
  type Code,
  extractFloat,
  f32,
  f32Add,
  f32ConvertUnsigned,
  f32Divide,
  f32SquareRoot,
  f32x4Add,
  f32x4Multiply,
  f32x4Splat,
  f32x4Subtract,
  get,
  i32,
  i32And,
  i32DivideUnsigned,
  i32GreaterUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  lastThree,
  lastTwo,
  loadVector,
  set,
  storeVector,
  when,
  whenElse,
  zeros,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { ONE } from "./exp-code.ts";
import { addsKey, field, THREAD } from "./fused-call.ts";

/** Vectors of a group of so many numbers. */
export const vectorsOf = (local: number): Code => [
  ...[...get(local), ...i32(2), ...i32ShiftRightUnsigned],
];

/** Where a norm's tensors begin, and ε. */
interface Tensors {
  readonly x: Code;
  readonly epsilon: Code;
}

export class NormGroup {
  /** The group's number, and how many numbers a group has, a multiple of four. */
  readonly row: number;
  readonly size: number;
  /** Addresses in x, in the output's gradient and in the output, and a counter of vectors. */
  readonly at: number;
  readonly dy: number;
  readonly out: number;
  readonly counter: number;
  /** Numbers of the group; its mean and 1 / √(variance + ε) in all lanes. */
  readonly x: number;
  readonly mean: number;
  readonly inverse: number;
  private readonly rows: number;
  private readonly dHat: number;
  /** Side by side, so that no sum waits for itself. */
  private readonly sums: Four;

  constructor(locals: Locals) {
    [this.row, this.rows, this.size] = [locals.int(), locals.int(), locals.int()];
    [this.at, this.dy, this.out] = [locals.int(), locals.int(), locals.int()];
    this.counter = locals.int();
    [this.x, this.mean, this.inverse, this.dHat] = locals.vectors(4) as Four;
    this.sums = locals.vectors(4) as Four;
  }

  /** The body for each of this thread's groups, of so many in all. */
  each(count: Code, size: Code, ...body: Code[]): Code {
    const { row, rows } = this;
    const share = (thread: Code): Code => [
      ...[...product(count, thread), ...field("threads"), ...i32DivideUnsigned],
    ];
    return [
      ...assign(this.size, size),
      ...assign(row, share(get(THREAD))),
      ...assign(rows, [...share(sum(get(THREAD), i32(1))), ...get(row), ...i32Subtract]),
      ...[...get(rows), ...i32(0), ...i32GreaterUnsigned],
      ...when(times(rows, get(rows), ...body, advance(row, i32(1)))),
    ];
  }

  /** The body with `at` and `out` where the group begins, its mean and deviation known. */
  forward({ x, epsilon }: Tensors, ...body: Code[]): Code {
    return [
      ...this.statistics(x, epsilon),
      ...assign(this.at, this.rowOf(x)),
      ...assign(this.out, this.rowOf(field("output"))),
      ...body.flat(),
    ];
  }

  /** The same, with `dy` besides; the body collects dx̂ of every vector. Where asked for, the key is added to dx. */
  backward({ x, epsilon, dy }: Tensors & { readonly dy: Code }, ...body: Code[]): Code {
    const { at, out, counter, size } = this;
    const [total, second] = this.sums;
    // What is added, in place of dy, which is read by then.
    const added = this.dy;
    const write = (adds: boolean): Code =>
      times(
        counter,
        vectorsOf(size),
        [...get(at), ...loadVector(0), ...set(this.x)],
        [...get(out), ...get(out), ...loadVector(0), ...get(total), ...f32x4Subtract],
        [...this.hat, ...get(second), ...f32x4Multiply, ...f32x4Subtract],
        [...get(this.inverse), ...f32x4Multiply],
        adds ? [...get(added), ...loadVector(0), ...f32x4Add, ...advance(added, i32(16))] : [],
        storeVector(0),
        advance(at, i32(16)),
        advance(out, i32(16)),
      );
    return [
      ...this.forward(
        { x, epsilon },
        assign(this.dy, this.rowOf(dy)),
        [...zeros, ...set(total), ...zeros, ...set(second)],
        ...body,
      ),
      ...this.meanOf(total),
      ...this.meanOf(second),
      ...assign(at, this.rowOf(x)),
      ...assign(out, this.rowOf(field("output"))),
      ...assign(added, this.rowOf(field("key"))),
      ...addsKey,
      ...whenElse(write(true), write(false)),
    ];
  }

  /** dx̂ of the numbers in x, summed up and put where dx will be. */
  collect(dHat: Code): Code {
    const [total, second] = this.sums;
    const d = get(this.dHat);
    return [
      ...assign(this.dHat, dHat),
      ...assign(total, [...get(total), ...d, ...f32x4Add]),
      ...assign(second, [...get(second), ...d, ...this.hat, ...f32x4Multiply, ...f32x4Add]),
      ...[...get(this.out), ...d, ...storeVector(0)],
    ];
  }

  /** x̂ of the numbers in x. */
  get hat(): Code {
    return [...this.difference, ...get(this.inverse), ...f32x4Multiply];
  }

  private get difference(): Code {
    return [...get(this.x), ...get(this.mean), ...f32x4Subtract];
  }

  private rowOf(tensor: Code): Code {
    return sum(tensor, floats(product(get(this.row), get(this.size))));
  }

  private statistics(x: Code, epsilon: Code): Code {
    const [total] = this.sums;
    return [
      ...this.meanOver(x, get(this.x)),
      ...assign(this.mean, get(total)),
      ...this.meanOver(x, [
        ...assign(this.x, this.difference),
        ...[...get(this.x), ...get(this.x), ...f32x4Multiply],
      ]),
      ...[...f32(ONE), ...get(total), ...extractFloat, ...epsilon, ...f32Add],
      ...[...f32SquareRoot, ...f32Divide, ...f32x4Splat, ...set(this.inverse)],
    ];
  }

  /** The mean of a value of every number of the group in x, in all lanes of the first sum. */
  private meanOver(from: Code, value: Code): Code {
    const { at, counter, x, sums, size } = this;
    const [total, ...others] = sums;
    const each = (count: Code, of: readonly number[]): Code => [
      ...count,
      ...when(
        times(
          counter,
          count,
          ...of.map((one, i) => [
            ...[...get(at), ...loadVector(16 * i), ...set(x)],
            ...assign(one, [...get(one), ...value, ...f32x4Add]),
          ]),
          advance(at, i32(16 * of.length)),
        ),
      ),
    ];
    return [
      ...sums.flatMap((one) => assign(one, zeros)),
      ...assign(at, this.rowOf(from)),
      ...each([...get(size), ...i32(4), ...i32ShiftRightUnsigned], sums),
      ...each([...vectorsOf(size), ...i32(3), ...i32And], [total]),
      ...get(total),
      ...others.flatMap((one) => [...get(one), ...f32x4Add]),
      ...set(total),
      ...this.meanOf(total),
    ];
  }

  /** The four sums of a vector, over the group's size, in all lanes. */
  private meanOf(local: number): Code {
    return [
      ...[...get(local), ...get(local), ...get(local), ...lastTwo, ...f32x4Add, ...set(local)],
      ...[...get(local), ...get(local), ...get(local), ...lastThree, ...f32x4Add],
      ...[...extractFloat, ...get(this.size), ...f32ConvertUnsigned, ...f32Divide],
      ...[...f32x4Splat, ...set(local)],
    ];
  }
}

type Four = [number, number, number, number];
