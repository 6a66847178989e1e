/** @file Gradient-check cases of the elementwise operators: every rank, every way of broadcasting. */
import { int, string } from "../../onnx/attributes.ts";
import { constantOf } from "../../onnx/constant.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import type { Dims } from "../../tensor/shape.ts";
import {
  apart,
  awayFromZero,
  type Case,
  type CaseInput,
  checked,
  constant,
  frozen,
  omitted,
  positive,
} from "../gradient-check.test-support.ts";

const SHAPES: readonly Dims[] = [[], [1], [5], [2, 3], [2, 1, 3], [1, 2, 2, 3]];

/** Scalar, [1], missing leading axes, 1 against n on one axis and on several, ranks 0 to 4. */
const PAIRS: readonly (readonly [Dims, Dims])[] = [
  [[], []],
  [[3], []],
  [[], [2, 2]],
  [[1], []],
  [[1], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [2, 3, 2],
    [3, 1],
  ],
  [
    [1, 1, 2],
    [2, 3, 1],
  ],
  [
    [2, 3, 2, 1],
    [3, 1, 1],
  ],
  [
    [2, 1, 2, 2],
    [1, 3, 1, 2],
  ],
  [[2], [2, 1, 3, 2]],
];

type Make = (dims: Dims) => CaseInput;

const unary = (make: Make = checked): Case[] =>
  SHAPES.map((dims) => ({ name: `[${dims.join(", ")}]`, inputs: [make(dims)] }));

const binary = (left: Make = checked, right: Make = checked): Case[] =>
  PAIRS.map(([a, b]) => ({
    name: `[${a.join(", ")}] and [${b.join(", ")}]`,
    inputs: [left(a), right(b)],
  }));

const kinked: Make = (dims) => checked(dims, awayFromZero);
const above: Make = (dims) => checked(dims, positive);
const distinct: Make = (dims) => checked(dims, apart);
/** A second operand 0.03 off the first's grid of numbers, so that no two are equal. */
const between: Make = (dims) => checked(dims, (random) => apart(random).map((x) => x + 0.03));

/** One operand frozen: the rule is asked for the other alone. */
const halfFrozen = (): Case[] => [
  { name: "right frozen", inputs: [checked([2, 3]), frozen([3], positive)] },
  { name: "left frozen", inputs: [frozen([3]), checked([2, 3], positive)] },
];

const scalar = (value: number): CaseInput => constant(constantOf("float64", [], [value]));

const extremum: readonly Case[] = [
  ...binary(distinct, between),
  { name: "one input", inputs: [checked([2, 3])] },
  {
    name: "three inputs",
    inputs: [
      distinct([2, 3]),
      between([3]),
      checked([2, 1], (random) => apart(random).map((x) => x - 0.03)),
    ],
  },
];

const mask = (dims: Dims, values: readonly number[]): CaseInput =>
  constant(constantOf("bool", dims, values));

export const ELEMENTWISE = {
  Abs: unary(kinked),
  // To a wider type only: what rounds has no differences that are small enough to compare.
  Cast: [
    ...unary().map((test) => ({ ...test, attributes: { to: int(DTYPES.float64.onnx) } })),
    ...unary((dims) => checked(dims, undefined, "float32")).map((test) => ({
      name: `${test.name} from float32`,
      inputs: test.inputs,
      attributes: { to: int(DTYPES.float64.onnx) },
    })),
  ],
  Cos: unary(),
  Erf: unary(),
  Exp: unary(),
  Gelu: [
    ...unary().map((test) => ({ ...test, opset: 20 })),
    ...unary().map((test) => ({
      name: `${test.name}, tanh`,
      inputs: test.inputs,
      opset: 20,
      attributes: { approximate: string("tanh") },
    })),
  ],
  Identity: unary(),
  Log: unary(above),
  Neg: unary(),
  Reciprocal: unary(kinked),
  Relu: unary(kinked),
  Sigmoid: unary(),
  Sin: unary(),
  Sqrt: unary(above),
  Tanh: unary(),

  Add: binary(),
  Clip: [
    { name: "both bounds", inputs: [distinct([3, 4]), scalar(-0.3), scalar(0.4)] },
    { name: "lower bound", inputs: [distinct([8]), scalar(-0.2)] },
    { name: "upper bound", inputs: [distinct([2, 1, 4]), omitted, scalar(0.1)] },
    { name: "no bounds", inputs: [distinct([])] },
  ],
  Div: [...binary(checked, kinked), ...halfFrozen()],
  Max: extremum,
  Min: extremum,
  Mul: [...binary(), ...halfFrozen()],
  Pow: [
    { name: "square", inputs: [checked([2, 3]), scalar(2)] },
    { name: "cube", inputs: [checked([4]), scalar(3)] },
    { name: "power of 1", inputs: [checked([]), scalar(1)] },
    { name: "root", inputs: [above([3]), scalar(0.5)] },
    { name: "negative power", inputs: [above([2, 2]), scalar(-1.5)] },
    { name: "[1] to a square", inputs: [checked([2, 1, 3]), frozen([1], () => [2])] },
    {
      name: "integer exponent",
      inputs: [checked([2, 2]), constant(constantOf("int64", [], [2]))],
    },
    { name: "exponents by element", inputs: [above([2, 3]), frozen([3])] },
    { name: "base broadcast", inputs: [above([3]), frozen([2, 1])] },
    {
      name: "integer exponents by element",
      inputs: [above([2, 3]), constant(constantOf("int64", [3], [1, 2, 3]))],
    },
  ],
  Sub: [...binary(), ...halfFrozen()],
  Where: [
    { name: "one shape", inputs: [mask([3], [1, 0, 1]), checked([3]), checked([3])] },
    {
      name: "condition broadcast",
      inputs: [mask([1, 2], [0, 1]), checked([3, 2]), checked([3, 2])],
    },
    {
      name: "branches broadcast",
      inputs: [mask([2, 3], [0, 1, 1, 1, 0, 0]), checked([3]), checked([2, 1])],
    },
    { name: "scalar branch", inputs: [mask([2, 2], [0, 1, 1, 0]), checked([2, 2]), checked([])] },
    { name: "one branch frozen", inputs: [mask([2], [0, 1]), checked([2]), frozen([2])] },
    { name: "scalars", inputs: [mask([], [1]), checked([]), checked([])] },
  ],
} satisfies Record<string, readonly Case[]>;
