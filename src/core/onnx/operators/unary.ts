/** @file Elementwise operators of one input. */
import { type DType, dtypeFromOnnx, isFloat } from "../../tensor/dtype.ts";
import { intAttribute, stringAttribute } from "../attributes.ts";
import type { Node } from "../graph.ts";
import { CONVERT } from "./convert.ts";
import type { OperatorDefinition } from "./definition.ts";
import { erf } from "./erf.ts";
import { operator } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

type Scalar = (x: number) => number;

/** Y = f(X), of X's type. */
const elementwise = (f: Scalar): OperatorDefinition =>
  operator(
    (s) => s.type(0),
    (_, c) => c.input(0).data.map((x) => f(x)),
  );

/** Y = f(X) for floating point X alone. */
const floating = (f: Scalar): OperatorDefinition =>
  operator(
    (s) => {
      const type = s.type(0);
      if (!isFloat(type.dtype)) {
        throw new Error(`its input is ${type.dtype} and has to be floating point`);
      }
      return type;
    },
    (_, c) => c.input(0).data.map((x) => f(x)),
  );

/** Y = f(X), of type bool. */
const test = (f: (x: number) => boolean): OperatorDefinition =>
  operator(
    (s) => ({ dtype: "bool", dims: s.type(0).dims }),
    (_, c) => c.input(0).data.map((x) => (f(x) ? 1 : 0)),
  );

function castTarget(node: Node): DType {
  const to = intAttribute(node, "to", 0);
  const dtype = dtypeFromOnnx(to);
  if (dtype === null)
    throw new Error(`its target, ONNX element type ${to}, is not one the studio holds`);
  return dtype;
}

/** Y = x/2 · (1 + erf(x/√2)). */
const geluExact: Scalar = (x) => (x / 2) * (1 + erf(x / Math.SQRT2));

/** Y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))). */
const geluTanh: Scalar = (x) =>
  (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

function geluForm(node: Node): Scalar {
  const approximate = stringAttribute(node, "approximate", "none");
  if (approximate === "none") return geluExact;
  if (approximate === "tanh") return geluTanh;
  throw new Error(`its approximation "${approximate}" is neither "none" nor "tanh"`);
}

export const UNARY = {
  Abs: elementwise(Math.abs),
  Cast: operator(
    (s) => ({ dtype: castTarget(s.node), dims: s.type(0).dims }),
    ({ dtype }, c) => {
      const convert = CONVERT[dtype];
      return c.input(0).data.map((x) => convert(x));
    },
  ),
  Ceil: floating(Math.ceil),
  Cos: floating(Math.cos),
  Erf: floating(erf),
  Exp: floating(Math.exp),
  Floor: floating(Math.floor),
  Gelu: operator(
    (s) => ({ ...s.type(0), form: geluForm(s.node) }),
    ({ form }, c) => c.input(0).data.map((x) => form(x)),
  ),
  Identity: elementwise((x) => x),
  IsNaN: test(Number.isNaN),
  Log: floating(Math.log),
  Neg: elementwise((x) => -x),
  Not: test((x) => x === 0),
  Reciprocal: floating((x) => 1 / x),
  Relu: elementwise((x) => Math.max(x, 0)),
  Sigmoid: floating((x) => 1 / (1 + Math.exp(-x))),
  Sign: elementwise(Math.sign),
  Sin: floating(Math.sin),
  Sqrt: floating(Math.sqrt),
  Tanh: floating(Math.tanh),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
