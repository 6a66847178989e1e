/** @file Gradient-check cases of normalisations, reductions and Softmax, in the forms of old and new operator sets. */
import { type Attribute, float, int, ints } from "../../onnx/attributes.ts";
import { constantOf } from "../../onnx/constant.ts";
import type { Dims } from "../../tensor/shape.ts";
import {
  apart,
  type Case,
  type CaseInput,
  checked,
  constant,
  frozen,
  list,
  positive,
} from "../gradient-check.test-support.ts";

interface Reduction {
  readonly dims: Dims;
  readonly axes?: readonly number[];
  readonly keep?: 0 | 1;
  readonly noop?: 0 | 1;
}

const GRID: readonly Reduction[] = [
  { dims: [5] },
  { dims: [2, 3], axes: [1] },
  { dims: [2, 3], axes: [-2], keep: 0 },
  { dims: [2, 3, 4], axes: [0, 2] },
  { dims: [2, 3, 2], axes: [2, 0], keep: 0 },
  { dims: [2, 1, 3], axes: [1], keep: 0 },
  { dims: [2, 3, 2, 2], axes: [2, 3] },
  { dims: [2, 2], keep: 0 },
  { dims: [] },
];

/** Axes as an input from operator set `inputSince` on, and as an attribute in the one before. */
function reductions(inputSince: number, make: (dims: Dims) => CaseInput): Case[] {
  const describe = ({ dims, axes, keep = 1 }: Reduction): string =>
    `[${dims.join(", ")}] over ${axes ? `[${axes.join(", ")}]` : "all"}${keep ? "" : ", not kept"}`;
  const before = GRID.map((r) => ({
    name: `${describe(r)}, attribute`,
    opset: inputSince - 1,
    inputs: [make(r.dims)],
    attributes: {
      keepdims: int(r.keep ?? 1),
      ...(r.axes ? { axes: ints(r.axes) } : {}),
    } satisfies Record<string, Attribute>,
  }));
  const since = GRID.map((r) => ({
    name: describe(r),
    opset: inputSince,
    inputs: [make(r.dims), ...(r.axes ? [list(...r.axes)] : [])],
    attributes: { keepdims: int(r.keep ?? 1) },
  }));
  const noop = {
    name: "no axes, none meant",
    opset: inputSince,
    inputs: [make([2, 2]), list()],
    attributes: { noop_with_empty_axes: int(1) },
  };
  return [...before, ...since, noop];
}

const distinct = (dims: Dims): CaseInput => checked(dims, apart);

const ones = (count: number): CaseInput => frozen([count], (random) => [...random].map(() => 1));
const zeros = (count: number): CaseInput => frozen([count], (random) => [...random].map(() => 0));

const layerNorm = (dims: Dims, axis: number, scale: Dims, bias = true): Case => ({
  name: `[${dims.join(", ")}] from axis ${axis}, scale [${scale.join(", ")}]${bias ? "" : ", no bias"}`,
  inputs: [checked(dims), checked(scale), ...(bias ? [checked(scale)] : [])],
  attributes: { axis: int(axis), epsilon: float(0.01) },
});

const softmax = (dims: Dims, opset: number, axis?: number): Case => ({
  name: `[${dims.join(", ")}] axis ${axis ?? "left out"}, opset ${opset}`,
  opset,
  inputs: [checked(dims)],
  attributes: axis === undefined ? {} : { axis: int(axis) },
});

const groupNorm = (dims: Dims, groups: number, opset: 18 | 21): Case => ({
  name: `[${dims.join(", ")}] in ${groups} groups, opset ${opset}`,
  opset,
  inputs: [checked(dims), ...[0, 1].map(() => checked([opset === 18 ? groups : dims[1]!]))],
  attributes: { num_groups: int(groups), epsilon: float(0.02) },
});

const axisInput = (axis: number): CaseInput => constant(constantOf("int64", [], [axis]));

export const REDUCTION = {
  CumSum: [
    { name: "first axis", inputs: [checked([4]), axisInput(0)] },
    { name: "last axis", inputs: [checked([2, 3]), axisInput(-1)] },
    {
      name: "exclusive",
      inputs: [checked([2, 3, 2]), axisInput(1)],
      attributes: { exclusive: int(1) },
    },
    { name: "reverse", inputs: [checked([3, 2]), axisInput(0)], attributes: { reverse: int(1) } },
    {
      name: "exclusive and reverse",
      inputs: [checked([2, 4]), axisInput(1)],
      attributes: { exclusive: int(1), reverse: int(1) },
    },
  ],
  GroupNormalization: [
    groupNorm([2, 4, 3], 2, 18),
    groupNorm([2, 4, 2, 2], 4, 18),
    groupNorm([1, 4, 2, 3], 1, 18),
    groupNorm([2, 4, 3], 2, 21),
    groupNorm([1, 6, 2, 2], 3, 21),
    groupNorm([2, 3, 2, 2], 1, 21),
    {
      name: "scale and bias frozen at 1 and 0",
      opset: 21,
      inputs: [checked([2, 4, 2, 2]), ones(4), zeros(4)],
      attributes: { num_groups: int(2) },
    },
    {
      name: "scale 1, bias differentiated",
      opset: 21,
      inputs: [checked([1, 4, 3]), ones(4), checked([4])],
      attributes: { num_groups: int(2) },
    },
  ],
  InstanceNormalization: [
    {
      name: "one axis",
      inputs: [checked([2, 3, 4]), checked([3]), checked([3])],
      attributes: { epsilon: float(0.05) },
    },
    {
      name: "two axes, epsilon left out",
      inputs: [checked([2, 2, 2, 3]), checked([2]), checked([2])],
    },
    {
      name: "scale and bias frozen",
      inputs: [checked([1, 3, 2, 2]), frozen([3], positive), frozen([3])],
    },
    { name: "scale 1, as groups are written", inputs: [checked([2, 2, 6]), ones(2), zeros(2)] },
  ],
  LayerNormalization: [
    layerNorm([3, 4], -1, [4]),
    layerNorm([2, 3, 4], -1, [4]),
    layerNorm([2, 3, 4], 2, [4], false),
    layerNorm([2, 3, 2], 1, [3, 2]),
    layerNorm([4], 0, [4]),
    layerNorm([2, 2, 2, 3], -2, [2, 3], false),
    {
      name: "statistics listed and not used",
      inputs: [checked([2, 5]), checked([5])],
      outputs: 3,
      used: [0],
    },
    { name: "scale frozen", inputs: [checked([2, 3, 4]), frozen([4]), frozen([4])] },
  ],
  ReduceMax: reductions(18, distinct),
  ReduceMean: reductions(18, (dims) => checked(dims)),
  ReduceSum: reductions(13, (dims) => checked(dims)),
  Softmax: [
    softmax([4], 13, 0),
    softmax([2, 3], 13),
    softmax([2, 3, 2], 13, 1),
    softmax([2, 2, 2, 3], 17, -1),
    softmax([1, 1], 13),
    softmax([2, 3], 12),
    softmax([2, 2, 3], 11),
    softmax([2, 2, 3], 12, 0),
    softmax([2, 2, 3], 12, -1),
  ],
} satisfies Record<string, readonly Case[]>;
