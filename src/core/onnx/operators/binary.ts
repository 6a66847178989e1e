/** @file Elementwise operators of several inputs, broadcast to one shape as numpy does. */
import { type DType, isFloat } from "../../tensor/dtype.ts";
import { broadcastDims, type Dims } from "../../tensor/shape.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import type { TensorType } from "../graph.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { broadcast } from "./offsets.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

type Scalar = (a: number, b: number) => number;

/** All inputs have one element type and broadcast to one shape. */
function commonType(s: Settings, inputs: readonly number[]): TensorType {
  const types = inputs.map((i) => s.type(i));
  const first = types[0];
  if (first === undefined) throw new Error("it has no inputs");
  for (const { dtype } of types) {
    if (dtype !== first.dtype) {
      throw new Error(`its inputs are ${first.dtype} and ${dtype} and have to be of one type`);
    }
  }
  const dims = types.reduce<Dims>((shape, type) => broadcastDims(shape, type.dims), []);
  return { dtype: first.dtype, dims };
}

function zip(c: EvaluateContext, dims: Dims, f: Scalar): Float64Array {
  const left = c.input(0);
  const right = c.input(1);
  const a = broadcast(left.data, left.dims, dims);
  const b = broadcast(right.data, right.dims, dims);
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = f(a[i]!, b[i]!);
  return out;
}

/** C = f(A, B), of the type of A and B. */
const arithmetic = (f: Scalar): OperatorDefinition =>
  operator(
    (s) => commonType(s, [0, 1]),
    ({ dims }, c) => zip(c, dims, f),
  );

/** C = f(A, B), of type bool. */
const comparison = (f: (a: number, b: number) => boolean): OperatorDefinition =>
  operator(
    (s) => ({ dtype: "bool", dims: commonType(s, [0, 1]).dims }),
    ({ dims }, c) => zip(c, dims, (a, b) => (f(a, b) ? 1 : 0)),
  );

/** C = f(A, B), all three of type bool. */
const logic = (f: Scalar): OperatorDefinition =>
  operator(
    (s) => {
      const type = commonType(s, [0, 1]);
      if (type.dtype !== "bool")
        throw new Error(`its inputs are ${type.dtype} and have to be bool`);
      return type;
    },
    ({ dims }, c) => zip(c, dims, f),
  );

/** Y = f(… f(X₀, X₁) …, Xₙ) for any number of inputs. */
const variadic = (f: Scalar): OperatorDefinition =>
  operator(
    (s) =>
      commonType(
        s,
        Array.from({ length: s.inputCount }, (_, i) => i),
      ),
    ({ dims }, c) => {
      const first = c.input(0);
      const out = broadcast(first.data, first.dims, dims).slice();
      for (let i = 1; i < c.inputCount; i++) {
        const input = c.input(i);
        const values = broadcast(input.data, input.dims, dims);
        for (let at = 0; at < out.length; at++) out[at] = f(out[at]!, values[at]!);
      }
      return out;
    },
  );

/** Quotient of integers, rounded towards zero. */
const integerQuotient: Scalar = (a, b) => {
  if (b === 0) throw new Error("an integer is divided by zero");
  return Math.trunc(a / b);
};

/** Remainder with the sign of the divisor. */
const floorMod: Scalar = (a, b) => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};

function modForm(s: Settings, dtype: DType): Scalar {
  if (intAttribute(s.node, "fmod", 0) === 1) return (a, b) => a % b;
  if (isFloat(dtype)) throw new Error("its fmod has to be 1 for floating point inputs");
  return floorMod;
}

/** Clip's bounds: attributes before opset 11, optional scalar inputs since. */
function clipBounds(c: EvaluateContext): [low: number, high: number] {
  const bound = (input: number, name: string, open: number): number =>
    c.has(input) ? c.input(input).data[0]! : floatAttribute(c.node, name, open);
  return [bound(1, "min", -Infinity), bound(2, "max", Infinity)];
}

export const BINARY = {
  Add: arithmetic((a, b) => a + b),
  And: logic((a, b) => a & b),
  Clip: operator(
    (s) => {
      for (const bound of [1, 2]) {
        if (s.has(bound) && s.type(bound).dims.some((d) => d !== 1)) {
          throw new Error(`its bound of shape ${show(s.type(bound).dims)} is not a scalar`);
        }
      }
      return s.type(0);
    },
    (_, c) => {
      const [low, high] = clipBounds(c);
      return c.input(0).data.map((x) => Math.min(Math.max(x, low), high));
    },
  ),
  Div: operator(
    (s) => commonType(s, [0, 1]),
    ({ dtype, dims }, c) => zip(c, dims, isFloat(dtype) ? (a, b) => a / b : integerQuotient),
  ),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Mod: operator(
    (s) => {
      const type = commonType(s, [0, 1]);
      return { ...type, form: modForm(s, type.dtype) };
    },
    ({ dims, form }, c) => zip(c, dims, form),
  ),
  Mul: arithmetic((a, b) => a * b),
  Or: logic((a, b) => a | b),
  /** The exponent may be of another type; the result is of the base's. */
  Pow: operator(
    (s) => ({ dtype: s.type(0).dtype, dims: broadcastDims(s.type(0).dims, s.type(1).dims) }),
    ({ dtype, dims }, c) =>
      zip(c, dims, isFloat(dtype) ? (a, b) => a ** b : (a, b) => Math.trunc(a ** b)),
  ),
  Sub: arithmetic((a, b) => a - b),
  /** Y = condition ? X : Y, all three broadcast. */
  Where: operator(
    (s) => {
      const condition = s.type(0);
      if (condition.dtype !== "bool") {
        throw new Error(`its condition is ${condition.dtype} and has to be bool`);
      }
      const { dtype, dims } = commonType(s, [1, 2]);
      return { dtype, dims: broadcastDims(condition.dims, dims) };
    },
    ({ dims }, c) => {
      const [condition, a, b] = [0, 1, 2].map((i) =>
        broadcast(c.input(i).data, c.input(i).dims, dims),
      ) as [Float64Array, Float64Array, Float64Array];
      return condition.map((test, i) => (test ? a[i]! : b[i]!));
    },
  ),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
