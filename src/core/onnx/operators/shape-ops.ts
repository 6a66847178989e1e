/** @file Operators that make shapes and constants. */
import { fromBytes, type NdArray, ndArray } from "../../tensor/nd-array.ts";
import { elementCount } from "../../tensor/shape.ts";
import { intAttribute, tensorAttribute } from "../attributes.ts";
import { type Constant, constantOf } from "../constant.ts";
import type { Node } from "../graph.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

/** What a Constant node holds, whichever of its attributes says so. */
function constantOfNode(node: Node): Constant {
  for (const [name, { type, value }] of node.attributes) {
    if (name === "value" && type === "tensor") return value;
    if (name === "value_float" && type === "float") return constantOf("float32", [], [value]);
    if (name === "value_int" && type === "int") return constantOf("int64", [], [value]);
    if (name === "value_floats" && type === "floats")
      return constantOf("float32", [value.length], value);
    if (name === "value_ints" && type === "ints") return constantOf("int64", [value.length], value);
  }
  const names = [...node.attributes.keys()].join(", ");
  throw new Error(`it holds no tensor of numbers but ${names === "" ? "nothing" : names}`);
}

function valuesOf({ dtype, dims, data }: Constant): NdArray {
  if (data.kind === "bytes") return fromBytes(dtype, dims, data.bytes);
  if (data.kind === "fill")
    return ndArray(dtype, dims, new Float64Array(elementCount(dims)).fill(data.value));
  throw new Error("its value is not held in the model file itself");
}

function rangePlan(s: Settings) {
  const [start, limit, delta] = [0, 1, 2].map((i) => s.numbers(i)[0]!) as [number, number, number];
  if (delta === 0) throw new Error("its step is 0");
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  return { dtype: s.type(0).dtype, dims: [count], start, delta };
}

/** Dims from `start` to `end` (attributes since opset 15), both clamped to the rank. */
function shapeSlice(s: Settings): readonly number[] {
  const { dims } = s.type(0);
  return dims.slice(intAttribute(s.node, "start", 0), intAttribute(s.node, "end", dims.length));
}

export const SHAPE_OPS = {
  Constant: operator(
    (s) => ({ ...constantOfNode(s.node) }),
    (constant) => valuesOf(constant).data,
  ),
  ConstantOfShape: operator(
    (s) => {
      const value = tensorAttribute(s.node, "value", undefined);
      return { dtype: value?.dtype ?? "float32", dims: s.numbers(0), value };
    },
    ({ dims, value }) =>
      new Float64Array(elementCount(dims)).fill(value === undefined ? 0 : valuesOf(value).data[0]!),
  ),
  Range: operator(rangePlan, ({ dims, start, delta }) =>
    new Float64Array(dims[0]!).map((_, i) => start + i * delta),
  ),
  Shape: operator(
    (s) => {
      const shape = shapeSlice(s);
      return { dtype: "int64", dims: [shape.length], shape };
    },
    ({ shape }) => Float64Array.from(shape),
  ),
  Size: operator(
    (s) => ({ dtype: "int64", dims: [], count: elementCount(s.type(0).dims) }),
    ({ count }) => Float64Array.of(count),
  ),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
