/** @file Operators that cut along axes, join, and pad. */
import { ndArray } from "../../tensor/nd-array.ts";
import { type Dims, elementCount, normalAxis, stridesOf } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute, stringAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { offsetGrid, pick, place, progression } from "./offsets.ts";
import { operator, type Settings, settingsToEvaluate, settingsToInfer, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** Offsets of a box inside an array of shape `dims`: along each axis from `starts` on, `steps` apart. */
function boxOffsets(
  dims: Dims,
  box: Dims,
  starts: readonly number[],
  steps?: readonly number[],
): Int32Array {
  const strides = stridesOf(dims);
  return offsetGrid(
    box.map((size, axis) => {
      const stride = strides[axis]!;
      return progression(size, stride * (steps?.[axis] ?? 1), stride * starts[axis]!);
    }),
  );
}

/** Starts, ends, axes and steps are inputs 1 to 4; ends beyond the tensor mean its edge. */
function slicePlan(s: Settings) {
  const { dtype, dims: from } = s.type(0);
  const askedStarts = s.numbers(1);
  const askedEnds = s.numbers(2);
  const axes = s.has(3) ? s.numbers(3) : askedStarts.map((_, i) => i);
  const askedSteps = s.has(4) ? s.numbers(4) : askedStarts.map(() => 1);
  const lengths = [askedStarts, askedEnds, axes, askedSteps].map((list) => list.length);
  if (new Set(lengths).size > 1) {
    throw new Error(`its starts, ends, axes and steps have ${lengths.join(", ")} entries`);
  }
  const starts = from.map(() => 0);
  const steps = from.map(() => 1);
  const dims = [...from];
  axes.forEach((given, i) => {
    const axis = normalAxis(given, from.length);
    const size = from[axis]!;
    const step = askedSteps[i]!;
    if (step === 0) throw new Error(`its step along axis ${axis} is 0`);
    const inside = (position: number): number => (position < 0 ? position + size : position);
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const start = clamp(inside(askedStarts[i]!), step > 0 ? 0 : Math.min(0, high), high);
    const end = clamp(inside(askedEnds[i]!), low, high);
    starts[axis] = start;
    steps[axis] = step;
    dims[axis] = Math.max(Math.ceil((end - start) / step), 0);
  });
  return { dtype, dims, starts, steps };
}

/** Sizes of the pieces: an attribute before opset 13, an input since; else equal, the last one smaller since 18. */
function splitPlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const axis = normalAxis(intAttribute(s.node, "axis", 0), dims.length);
  const size = dims[axis]!;
  const pieces = s.node.outputs.length;
  const given =
    s.opset < 13 ? intsAttribute(s.node, "split", undefined) : s.has(1) ? s.numbers(1) : undefined;
  const wanted = intAttribute(s.node, "num_outputs", pieces);
  if (wanted !== pieces) throw new Error(`its num_outputs is ${wanted} and it lists ${pieces}`);
  const chunk = s.opset < 18 ? size / pieces : Math.ceil(size / pieces);
  const sizes =
    given ?? Array.from({ length: pieces }, (_, i) => clamp(size - i * chunk, 0, chunk));
  const total = sizes.reduce((sum, x) => sum + x, 0);
  if (
    sizes.length !== pieces ||
    total !== size ||
    !sizes.every((x) => Number.isInteger(x) && x >= 0)
  ) {
    throw new Error(
      `its axis ${axis} of size ${size} does not split into ${pieces} pieces of sizes ${show(sizes)}`,
    );
  }
  return sizes.map((piece, i) => ({
    dtype,
    dims: dims.with(axis, piece),
    starts: dims.map((_, a) => (a === axis ? sizes.slice(0, i).reduce((sum, x) => sum + x, 0) : 0)),
  }));
}

const split: OperatorDefinition = {
  infer: (context) =>
    splitPlan(settingsToInfer(context)).map(({ dtype, dims }) => ({ dtype, dims })),
  evaluate: (context) => {
    const from = context.input(0);
    return splitPlan(settingsToEvaluate(context)).map(({ dtype, dims, starts }) =>
      ndArray(dtype, dims, pick(from.data, boxOffsets(from.dims, dims, starts))),
    );
  },
};

function concatPlan(s: Settings) {
  const types = Array.from({ length: s.inputCount }, (_, i) => s.type(i));
  const { dtype, dims: first } = s.type(0);
  const axis = normalAxis(intAttribute(s.node, "axis", 0), first.length);
  for (const { dtype: other, dims } of types) {
    if (dims.length !== first.length || dims.some((d, a) => a !== axis && d !== first[a])) {
      throw new Error(
        `its inputs of shape ${show(first)} and ${show(dims)} do not join along axis ${axis}`,
      );
    }
    if (other !== dtype)
      throw new Error(`its inputs are ${dtype} and ${other} and have to be of one type`);
  }
  const total = types.reduce((sum, { dims }) => sum + dims[axis]!, 0);
  return { dtype, dims: first.with(axis, total), axis };
}

/** Pads are all the begins, then all the ends; a negative pad cuts. */
function padPlan(s: Settings) {
  const { dtype, dims: from } = s.type(0);
  const mode = stringAttribute(s.node, "mode", "constant");
  if (mode !== "constant") {
    throw new Error(`its mode "${mode}" is not "constant", the only one the studio supports`);
  }
  const pads = s.numbers(1);
  const axes = s.has(3) ? s.numbers(3) : from.map((_, axis) => axis);
  if (pads.length !== 2 * axes.length) {
    throw new Error(`its pads ${show(pads)} do not fit ${axes.length} axes`);
  }
  const begins = from.map(() => 0);
  const dims = [...from];
  axes.forEach((given, i) => {
    const axis = normalAxis(given, from.length);
    begins[axis] = pads[i]!;
    dims[axis] = from[axis]! + pads[i]! + pads[i + axes.length]!;
  });
  if (dims.some((d) => d < 0))
    throw new Error(`its pads ${show(pads)} cut more than ${show(from)} has`);
  return { dtype, dims, begins };
}

export const SLICE = {
  Concat: operator(concatPlan, ({ dims, axis }, c) => {
    const out = new Float64Array(elementCount(dims));
    let start = 0;
    for (let i = 0; i < c.inputCount; i++) {
      const input = c.input(i);
      const starts = dims.map((_, a) => (a === axis ? start : 0));
      place(out, boxOffsets(dims, input.dims, starts), input.data);
      start += input.dims[axis]!;
    }
    return out;
  }),
  Pad: operator(padPlan, ({ dims, begins }, c) => {
    const from = c.input(0);
    const out = new Float64Array(elementCount(dims)).fill(c.has(2) ? c.input(2).data[0]! : 0);
    const cut = begins.map((begin) => Math.max(-begin, 0));
    const starts = begins.map((begin) => Math.max(begin, 0));
    const box = dims.map((d, axis) =>
      Math.max(Math.min(from.dims[axis]! - cut[axis]!, d - starts[axis]!), 0),
    );
    place(out, boxOffsets(dims, box, starts), pick(from.data, boxOffsets(from.dims, box, cut)));
    return out;
  }),
  Slice: operator(slicePlan, ({ dims, starts, steps }, c) =>
    pick(c.input(0).data, boxOffsets(c.input(0).dims, dims, starts, steps)),
  ),
  Split: split,
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
