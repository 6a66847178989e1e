/** @file Gradient-check cases of the operators that move elements: axes from both ends, one and many, every mode. */
import { type Attribute, int, ints, string } from "../../onnx/attributes.ts";
import { constantOf } from "../../onnx/constant.ts";
import type { Dims } from "../../tensor/shape.ts";
import {
  type Case,
  type CaseInput,
  checked,
  constant,
  frozen,
  list,
  omitted,
} from "../gradient-check.test-support.ts";

type Attributes = Readonly<Record<string, Attribute>>;

const one = (name: string, dims: Dims, ...rest: readonly CaseInput[]): Case => ({
  name,
  inputs: [checked(dims), ...rest],
});
const withAttributes = (attributes: Attributes, test: Case): Case => ({ ...test, attributes });
const inOpset = (opset: number, test: Case): Case => ({
  ...test,
  opset,
  name: `${test.name}, opset ${opset}`,
});

const indices = (dims: Dims, values: readonly number[]): CaseInput =>
  constant(constantOf("int64", dims, values));

const gather = (name: string, dims: Dims, axis: number, index: CaseInput): Case =>
  withAttributes({ axis: int(axis) }, one(name, dims, index));

const concat = (axis: number, ...shapes: readonly Dims[]): Case => ({
  name: `${shapes.map((dims) => `[${dims.join(", ")}]`).join(", ")} along ${axis}`,
  inputs: shapes.map((dims) => checked(dims)),
  attributes: { axis: int(axis) },
});

const slice = (name: string, dims: Dims, ...bounds: readonly (readonly number[])[]): Case =>
  one(name, dims, ...bounds.map((values) => list(...values)));

const resize = (name: string, dims: Dims, scales: readonly number[], modes: Attributes): Case =>
  withAttributes(
    modes,
    one(name, dims, omitted, constant(constantOf("float32", [scales.length], scales))),
  );

const upsampling = (coordinates: string, nearest: string): Attributes => ({
  mode: string("nearest"),
  coordinate_transformation_mode: string(coordinates),
  nearest_mode: string(nearest),
});

const TORCH = upsampling("asymmetric", "floor");

const pads = (name: string, dims: Dims, values: readonly number[]): Case =>
  one(name, dims, list(...values));

const axesOf = (dims: Dims, axes: readonly number[]): Case[] => [
  one(`[${dims.join(", ")}] axes [${axes.join(", ")}]`, dims, list(...axes)),
  inOpset(
    12,
    withAttributes({ axes: ints(axes) }, one(`[${dims.join(", ")}] [${axes.join(", ")}]`, dims)),
  ),
];

const trilu = (name: string, dims: Dims, upper: 0 | 1, k?: number): Case =>
  withAttributes(
    { upper: int(upper) },
    one(name, dims, ...(k === undefined ? [] : [indices([], [k])])),
  );

const transpose = (dims: Dims, perm?: readonly number[]): Case =>
  withAttributes(
    perm ? { perm: ints(perm) } : {},
    one(`[${dims.join(", ")}] by ${perm ? `[${perm.join(", ")}]` : "default"}`, dims),
  );

export const MOVEMENT = {
  Concat: [
    concat(0, [2], [3]),
    concat(1, [2, 1], [2, 3], [2, 2]),
    concat(-1, [1, 2, 2], [1, 2, 1]),
    concat(2, [2, 1, 2, 1], [2, 1, 3, 1]),
    concat(0, [2, 2]),
    {
      name: "frozen part",
      inputs: [checked([2]), frozen([1]), checked([2])],
      attributes: { axis: int(0) },
    },
  ],
  DepthToSpace: ["DCR", "CRD"].flatMap((mode) => [
    withAttributes({ blocksize: int(2), mode: string(mode) }, one(`${mode}, 2`, [1, 8, 2, 3])),
    withAttributes({ blocksize: int(3), mode: string(mode) }, one(`${mode}, 3`, [2, 9, 1, 2])),
  ]),
  Expand: [
    one("scalar", [], list(2, 3)),
    one("new axes", [3], list(2, 1, 3)),
    one("1 to n on two axes", [2, 1, 3, 1], list(2, 2, 3, 2)),
    one("a smaller shape", [2, 3], list(1)),
  ],
  Flatten: [
    one("default axis", [2, 3, 2]),
    withAttributes({ axis: int(0) }, one("axis 0", [2, 3])),
    withAttributes({ axis: int(-1) }, one("axis -1", [2, 1, 3])),
  ],
  Gather: [
    gather("one row by scalar", [4, 3], 0, indices([], [2])),
    gather("last by negative scalar", [2, 3], 1, indices([], [-1])),
    gather("run of rows", [5, 2], 0, indices([3], [1, 2, 3])),
    gather("all", [3, 2], 0, indices([3], [0, 1, 2])),
    gather("repeated and out of order", [4, 2], 0, indices([5], [3, 0, 3, 3, 1])),
    gather("matrix of indices", [2, 4, 3], 1, indices([2, 2], [0, -1, 2, 0])),
    gather("last axis", [2, 3, 3], -1, indices([2], [2, 0])),
    gather("vector by scalar", [5], 0, indices([], [3])),
  ],
  Pad: [
    pads("one axis", [3], [1, 2]),
    pads("two axes", [2, 3], [0, 1, 2, 0]),
    pads("negative", [4, 3], [-1, 0, -1, -1]),
    pads("negative and positive", [3, 3], [-1, 2, 1, -1]),
    pads("nothing", [2, 2], [0, 0, 0, 0]),
    one("with a value", [2, 2], list(1, 0, 0, 1), frozen([])),
    one("with axes", [2, 3, 2], list(1, 2, 0, 1), omitted, list(-1, 0)),
  ],
  Reshape: [
    one("merge", [2, 3, 2], list(6, 2)),
    one("split, inferred", [4, 3], list(2, -1, 3)),
    one("0 keeps", [2, 4], list(0, 2, 2)),
    one("to scalar", [1, 1], list()),
    one("from scalar", [], list(1, 1)),
  ],
  Resize: [
    resize("2 by 2, as torch exports it", [1, 2, 2, 3], [1, 1, 2, 2], TORCH),
    resize("3 by 2", [2, 1, 2, 2], [1, 1, 3, 2], TORCH),
    resize(
      "half pixels",
      [1, 1, 3, 2],
      [1, 1, 2, 4],
      upsampling("half_pixel", "round_prefer_floor"),
    ),
    resize(
      "half pixels, by 3",
      [1, 1, 2, 2],
      [1, 1, 3, 3],
      upsampling("half_pixel", "round_prefer_ceil"),
    ),
    resize("one axis", [1, 2, 2, 2], [1, 1, 1, 2], TORCH),
    resize("nothing", [1, 1, 2, 2], [1, 1, 1, 1], TORCH),
    withAttributes(TORCH, one("by sizes", [1, 2, 2, 3], omitted, omitted, list(1, 2, 4, 6))),
    withAttributes(
      { ...TORCH, axes: ints([3, 2]) },
      one("by sizes of axes", [1, 2, 2, 3], omitted, omitted, list(6, 6)),
    ),
  ],
  Slice: [
    slice("first axis", [5], [1], [4]),
    slice("second axis, to the end", [2, 4], [1], [2 ** 62], [1]),
    slice("negative bounds", [3, 4], [-2], [-1], [-1]),
    slice("two axes", [3, 4, 2], [1, 0], [3, 1], [1, 2]),
    slice("axes left out", [3, 4], [0, 1], [2, 3]),
    slice("steps of 1", [4, 2], [1], [3], [0], [1]),
    slice("all", [2, 3], [-9], [9], [1]),
  ],
  Split: [
    { ...one("equal", [4, 2]), opset: 17, outputs: 2, attributes: { axis: int(0) } },
    { ...one("sizes", [2, 6], list(1, 3, 2)), outputs: 3, attributes: { axis: int(-1) } },
    {
      ...one("sizes as attribute", [3, 2]),
      opset: 12,
      outputs: 2,
      attributes: { split: ints([2, 1]) },
    },
    {
      ...one("by number of outputs, last smaller", [5]),
      outputs: 3,
      attributes: { num_outputs: int(3) },
    },
    {
      ...one("one output used", [2, 6], list(1, 3, 2)),
      outputs: 3,
      used: [1],
      attributes: { axis: int(1) },
    },
  ],
  Squeeze: [
    ...axesOf([1, 2, 1, 3], [0, 2]),
    ...axesOf([2, 1], [-1]),
    one("all axes of one element", [1, 3, 1]),
  ],
  Tile: [
    one("vector", [3], list(2)),
    one("one axis", [2, 3], list(1, 3)),
    one("all axes", [2, 1, 2], list(2, 3, 2)),
    one("nothing", [2, 2], list(1, 1)),
  ],
  Transpose: [
    transpose([2, 3]),
    transpose([2, 3, 4], [1, 2, 0]),
    transpose([2, 3, 2], [0, 2, 1]),
    transpose([1, 2, 3, 2], [0, 2, 1, 3]),
    transpose([2, 3, 1, 2], [3, 0, 2, 1]),
    transpose([2, 2], [0, 1]),
  ],
  Trilu: [
    trilu("upper", [3, 3], 1),
    trilu("lower", [2, 3, 4], 0),
    trilu("above the diagonal", [3, 4], 1, 1),
    trilu("below the diagonal", [4, 3], 0, -1),
    trilu("more than the diagonal", [3, 3], 1, -2),
  ],
  Unsqueeze: [...axesOf([2, 3], [0]), ...axesOf([2, 3], [-1, 1]), ...axesOf([], [0])],
} satisfies Record<string, readonly Case[]>;
