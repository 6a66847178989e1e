/** @file Short spellings for the nodes that gradient rules emit, in the form the graph's operator set version asks for. */
import { type Attribute, int, ints, intsAttribute } from "../onnx/attributes.ts";
import {
  type Constant,
  constantBytes,
  flipConvConstant,
  transposeConstant,
} from "../onnx/constant.ts";
import type { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf } from "../onnx/graph.ts";
import { attentionSoftmaxes } from "./attention.ts";
import { type DType, DTYPES } from "../tensor/dtype.ts";
import { broadcastDims, type Dims, elementCount, sameDims } from "../tensor/shape.ts";

/** A value, or a number that becomes a scalar of the other operand's type. */
type Operand = string | number;
type Reduction = "ReduceSum" | "ReduceMean" | "ReduceMax";

export class Maker {
  readonly emit: Emitter;
  /** Which value a transposed or reshaped value was made from, so that two such steps become one or none. */
  private readonly transposed = new Map<string, { from: string; perm: readonly number[] }>();
  private readonly reshaped = new Map<string, string>();
  private readonly derived = new Map<string, string>();
  /** Softmaxes over the last axis whose only reader is one MatMul, as attention has them. */
  private readonly attention: ReadonlySet<string>;
  /** Gradients of such softmaxes from which their weighted mean is already taken (see rules/attention.ts). */
  readonly centred = new Set<string>();
  /** Bytes of every weight that the gradient keeps a second time, by name. */
  readonly duplicates = new Map<string, number>();

  /** @param wanted values whose own gradients are asked for */
  constructor(emit: Emitter, start: Graph, wanted: readonly string[]) {
    this.emit = emit;
    this.attention = attentionSoftmaxes(start, wanted);
    for (const [name, node] of producersOf(start)) this.remember(name, node);
  }

  private remember(name: string, node: Node): void {
    const from = node.inputs[0] ?? "";
    if (node.opType === "Transpose") {
      const rank = this.dims(from).length;
      const reversed = Array.from({ length: rank }, (_, i) => rank - 1 - i);
      this.transposed.set(name, { from, perm: intsAttribute(node, "perm", reversed) });
    }
    if (node.opType === "Reshape") this.reshaped.set(name, from);
  }

  isAttention(value: string): boolean {
    return this.attention.has(value);
  }

  dims(value: string): Dims {
    return this.emit.type(value).dims;
  }

  private two(opType: "Add" | "Sub" | "Mul" | "Div" | "Pow", a: Operand, b: Operand): string {
    const like = typeof a === "string" ? a : b;
    if (typeof like !== "string") throw new Error("an operation on two numbers needs no node");
    const { dtype } = this.emit.type(like);
    const name = (x: Operand): string => (typeof x === "string" ? x : this.emit.scalar(x, dtype));
    return this.emit.op(opType, [name(a), name(b)]);
  }

  add(a: Operand, b: Operand): string {
    return this.two("Add", a, b);
  }
  sub(a: Operand, b: Operand): string {
    return this.two("Sub", a, b);
  }
  mul(a: Operand, b: Operand): string {
    return this.two("Mul", a, b);
  }
  div(a: Operand, b: Operand): string {
    return this.two("Div", a, b);
  }
  pow(a: Operand, b: Operand): string {
    return this.two("Pow", a, b);
  }
  neg(x: string): string {
    return this.emit.op("Neg", [x]);
  }
  exp(x: string): string {
    return this.emit.op("Exp", [x]);
  }

  cast(x: string, dtype: DType): string {
    if (this.emit.type(x).dtype === dtype) return x;
    return this.emit.op("Cast", [x], { to: int(DTYPES[dtype].onnx) });
  }

  /** A constant with one value everywhere; takes no bytes until a session is made. */
  fill(dtype: DType, dims: Dims, value: number): string {
    return this.emit.constant({ dtype, dims, data: { kind: "fill", value } }, "fill");
  }

  /** Axes as attribute or as input, as the version has it. No axes: nothing is reduced. */
  reduce(opType: Reduction, x: string, axes: readonly number[], keepDims: boolean): string {
    if (axes.length === 0) return x;
    const keep: Record<string, Attribute> = { keepdims: int(keepDims ? 1 : 0) };
    if (this.emit.opset < (opType === "ReduceSum" ? 13 : 18)) {
      return this.emit.op(opType, [x], { axes: ints(axes), ...keep });
    }
    return this.emit.op(opType, [x, this.emit.ints(axes)], keep);
  }

  expand(x: string, dims: Dims): string {
    if (sameDims(this.dims(x), dims)) return x;
    return this.emit.op("Expand", [x, this.emit.ints(dims)]);
  }

  /** Sums the axes along which a value of shape `dims` was broadcast; axes of x with one element stay so. */
  sumTo(x: string, dims: Dims): string {
    const from = this.dims(x);
    if (sameDims(broadcastDims(from, dims), dims)) return x;
    const lead = Math.max(from.length - dims.length, 0);
    const axes = from.flatMap((d, axis) => (d > 1 && (dims[axis - lead] ?? 1) === 1 ? [axis] : []));
    const leading = axes.every((axis) => axis < lead) && axes.length === lead;
    const summed = this.reduce("ReduceSum", x, axes, !leading);
    return leading ? summed : this.reshape(summed, this.dims(summed).slice(lead));
  }

  /** A view: free in both execution providers. Two in a row become one. */
  reshape(x: string, dims: Dims): string {
    const from = this.reshaped.get(x) ?? x;
    if (sameDims(this.dims(from), dims)) return from;
    if (sameDims(this.dims(x), dims)) return x;
    const y = this.emit.op("Reshape", [from, this.emit.ints(dims)]);
    this.reshaped.set(y, from);
    return y;
  }

  /** A constant is transposed before the session is made; two transpositions in a row become one or none. */
  transpose(x: string, perm: readonly number[]): string {
    const { from, perm: whole } = this.composed(x, perm);
    if (whole.every((axis, i) => axis === i)) return from;
    const constant = this.emit.constantNamed(from);
    if (constant !== undefined) return this.derive(from, transposeConstant(constant, whole));
    const y = this.emit.op("Transpose", [from], { perm: ints(whole) });
    this.transposed.set(y, { from, perm: whole });
    return y;
  }

  /** [O, I, kh, kw] to [I, O, kh, kw] with the kernel turned by 180 degrees; undefined where w is computed. */
  flipConv(w: string): string | undefined {
    const constant = this.emit.constantNamed(w);
    return constant && this.derive(w, flipConvConstant(constant));
  }

  /** A weight kept a second time in another layout, once for each weight and layout. */
  private derive(from: string, constant: Constant): string {
    const { data } = constant;
    const key = JSON.stringify([from, data.kind === "derived" ? data.transform : data.kind]);
    const before = this.derived.get(key);
    if (before !== undefined) return before;
    const name = this.emit.constant(constant, `${from}_duplicate`);
    this.derived.set(key, name);
    this.duplicates.set(name, constantBytes(constant));
    return name;
  }

  /** Elements that transpose(x, perm) would move in every run. */
  transposeCost(x: string, perm: readonly number[]): number {
    const { from, perm: whole } = this.composed(x, perm);
    const free =
      whole.every((axis, i) => axis === i) || this.emit.constantNamed(from) !== undefined;
    return free ? 0 : elementCount(this.dims(x));
  }

  private composed(x: string, perm: readonly number[]): { from: string; perm: readonly number[] } {
    const made = this.transposed.get(x);
    return made === undefined
      ? { from: x, perm }
      : { from: made.from, perm: perm.map((axis) => made.perm[axis]!) };
  }

  /** Elements starts[i] to ends[i] (not included) of axis axes[i]. */
  slice(
    x: string,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
  ): string {
    const bounds = [starts, ends, axes].map((numbers) => this.emit.ints(numbers));
    return this.emit.op("Slice", [x, ...bounds]);
  }

  /** Zeros added before and after every axis, one number each; negative numbers take elements away. */
  padOrCrop(x: string, before: readonly number[], after: readonly number[]): string {
    const dims = this.dims(x);
    const axes = dims.flatMap((_, axis) => (before[axis]! < 0 || after[axis]! < 0 ? [axis] : []));
    const cropped =
      axes.length === 0
        ? x
        : this.slice(
            x,
            axes,
            axes.map((axis) => Math.max(0, -before[axis]!)),
            axes.map((axis) => dims[axis]! + Math.min(0, after[axis]!)),
          );
    const pads = [...before, ...after].map((n) => Math.max(0, n));
    return pads.every((n) => n === 0)
      ? cropped
      : this.emit.op("Pad", [cropped, this.emit.ints(pads)]);
  }
}
