/** @file Resize by nearest neighbour: which input position each output position copies. */
import { type Dims, normalAxis, stridesOf } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute, stringAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { offsetGrid, pick } from "./offsets.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

interface ResizeAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
}

/** Position in the input that the centre of output position o falls on. */
const COORDINATES: Readonly<Record<string, (o: number, axis: ResizeAxis) => number>> = {
  half_pixel: (o, { scale }) => (o + 0.5) / scale - 0.5,
  half_pixel_symmetric: (o, { input, output, scale }) =>
    (input / 2) * (1 - output / (input * scale)) + (o + 0.5) / scale - 0.5,
  pytorch_half_pixel: (o, { output, scale }) => (output > 1 ? (o + 0.5) / scale - 0.5 : 0),
  tf_half_pixel_for_nn: (o, { scale }) => (o + 0.5) / scale,
  align_corners: (o, { input, output }) => (output > 1 ? (o * (input - 1)) / (output - 1) : 0),
  asymmetric: (o, { scale }) => o / scale,
};

const ROUNDING: Readonly<Record<string, (position: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function option<T>(options: Readonly<Record<string, T>>, name: string, value: string): T {
  const chosen = Object.hasOwn(options, value) ? options[value] : undefined;
  if (chosen === undefined)
    throw new Error(`its ${name} "${value}" is not one the studio supports`);
  return chosen;
}

/** The list an input holds; undefined where it is omitted or empty (how exporters leave scales out). */
function list(s: Settings, input: number): readonly number[] | undefined {
  if (!s.has(input) || s.type(input).dims[0] === 0) return undefined;
  return s.numbers(input);
}

function resizeAxes(s: Settings, dims: Dims): ResizeAxis[] {
  const scales = list(s, 2);
  const sizes = list(s, 3);
  const given = scales ?? sizes;
  const axes = intsAttribute(s.node, "axes", undefined) ?? dims.map((_, axis) => axis);
  if (given === undefined || (scales !== undefined && sizes !== undefined)) {
    throw new Error("it has to have either scales or sizes");
  }
  if (given.length !== axes.length) {
    throw new Error(
      `its ${scales ? "scales" : "sizes"} ${show(given)} do not fit ${axes.length} axes`,
    );
  }
  const resized: ResizeAxis[] = dims.map((d) => ({ input: d, output: d, scale: 1 }));
  axes.forEach((axisGiven, i) => {
    const axis = normalAxis(axisGiven, dims.length);
    const input = dims[axis]!;
    const value = given[i]!;
    resized[axis] =
      scales === undefined
        ? { input, output: value, scale: value / input }
        : { input, output: Math.floor(input * value), scale: value };
  });
  return resized;
}

function resizePlan(s: Settings) {
  if (s.opset < 11)
    throw new Error("its form, from before opset 11, is not one the studio supports");
  const mode = stringAttribute(s.node, "mode", "nearest");
  if (mode !== "nearest") {
    throw new Error(`its mode "${mode}" is not "nearest", the only one the studio supports`);
  }
  if (intAttribute(s.node, "antialias", 0) !== 0) {
    throw new Error("its antialias is not 0, which the studio does not support");
  }
  const policy = stringAttribute(s.node, "keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") {
    throw new Error(
      `its keep_aspect_ratio_policy "${policy}" is not "stretch", the only one the studio supports`,
    );
  }
  const coordinateName = stringAttribute(s.node, "coordinate_transformation_mode", "half_pixel");
  const { dtype, dims } = s.type(0);
  const axes = resizeAxes(s, dims);
  return {
    dtype,
    dims: axes.map((axis) => axis.output),
    axes,
    coordinate: option(COORDINATES, "coordinate_transformation_mode", coordinateName),
    round: option(
      ROUNDING,
      "nearest_mode",
      stringAttribute(s.node, "nearest_mode", "round_prefer_floor"),
    ),
  };
}

export const RESIZE = {
  Resize: operator(resizePlan, ({ axes, coordinate, round }, c) => {
    const strides = stridesOf(c.input(0).dims);
    const offsets = axes.map((axis, a) =>
      Int32Array.from({ length: axis.output }, (_, o) => {
        const at = round(coordinate(o, axis));
        return Math.min(Math.max(at, 0), axis.input - 1) * strides[a]!;
      }),
    );
    return pick(c.input(0).data, offsetGrid(offsets));
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
