/** @file Normalisations over groups of elements, and Softmax. */
import type { DType } from "../../tensor/dtype.ts";
import { ndArray } from "../../tensor/nd-array.ts";
import { broadcastDims, type Dims, elementCount, normalAxis } from "../../tensor/shape.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { groupsOf, standardise } from "./groups.ts";
import { broadcast } from "./offsets.ts";
import { operator, type Settings, settingsToEvaluate, settingsToInfer, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

/** Attributes are float32, default values too. */
const DEFAULT_EPSILON = Math.fround(1e-5);

function expectLength(s: Settings, input: number, what: string, length: number): void {
  const { dims } = s.type(input);
  if (dims.length !== 1 || dims[0] !== length) {
    throw new Error(`its ${what} of shape ${show(dims)} is not [${length}]`);
  }
}

/** Shape as [N, C, positions]. */
function channelled(dims: Dims): [batch: number, channels: number, positions: number] {
  if (dims.length < 3) throw new Error(`its input of shape ${show(dims)} is not [N, C, D1, ...]`);
  return [dims[0]!, dims[1]!, elementCount(dims.slice(2))];
}

/** y = x · scale[c] + bias[c] for x of shape [N, C, positions], scale and bias read through `indexOf`. */
function affine(
  c: EvaluateContext,
  x: Float64Array,
  [, channels, positions]: readonly [number, number, number],
  indexOf: (channel: number) => number,
): Float64Array {
  const scale = c.input(1).data;
  const bias = c.input(2).data;
  return x.map((value, i) => {
    const index = indexOf(Math.floor(i / positions) % channels);
    return value * scale[index]! + bias[index]!;
  });
}

/** GroupNormalization; scale and bias have one entry a group before opset 21, one a channel since. */
function groupNormPlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const view = channelled(dims);
  const groups = intAttribute(s.node, "num_groups", 0);
  if (groups < 1 || view[1] % groups !== 0) {
    throw new Error(`its num_groups ${groups} does not divide its ${view[1]} channels`);
  }
  const entries = s.opset < 21 ? groups : view[1];
  expectLength(s, 1, "scale", entries);
  expectLength(s, 2, "bias", entries);
  return { dtype, dims, view, groups, entries };
}

interface LayerNormPlan {
  readonly dtype: DType;
  readonly dims: Dims;
  /** Shape of mean and inverse deviation: normalised axes are 1. */
  readonly statistics: Dims;
  readonly statisticsType: DType;
  /** Axes that are normalised together. */
  readonly axes: readonly number[];
}

function layerNormPlan(s: Settings): LayerNormPlan {
  const { dtype, dims } = s.type(0);
  const first = normalAxis(intAttribute(s.node, "axis", -1), dims.length);
  for (const [input, what] of [
    [1, "scale"],
    [2, "bias"],
  ] as const) {
    if (!s.has(input)) continue;
    const given = s.type(input).dims;
    if (show(broadcastDims(given, dims)) !== show(dims)) {
      throw new Error(`its ${what} of shape ${show(given)} does not broadcast to ${show(dims)}`);
    }
  }
  const stash = intAttribute(s.node, "stash_type", 1);
  if (stash !== 1 && stash !== 16) throw new Error(`its stash_type ${stash} is neither 1 nor 16`);
  return {
    dtype,
    dims,
    statistics: dims.map((d, axis) => (axis < first ? d : 1)),
    statisticsType: stash === 1 ? "float32" : "bfloat16",
    axes: dims.flatMap((_, axis) => (axis < first ? [] : [axis])),
  };
}

/**
 * Y = (X - mean) / √(variance + epsilon) · scale + bias over the axes from `axis` on; mean and
 * 1/√(variance + epsilon) are optional outputs of the shape of X with those axes 1.
 */
const layerNormalization: OperatorDefinition = {
  infer: (context) => {
    const plan = layerNormPlan(settingsToInfer(context));
    const statistics = { dtype: plan.statisticsType, dims: plan.statistics };
    return [{ dtype: plan.dtype, dims: plan.dims }, statistics, statistics].slice(
      0,
      context.node.outputs.length,
    );
  },
  evaluate: (context) => {
    const plan = layerNormPlan(settingsToEvaluate(context));
    const epsilon = floatAttribute(context.node, "epsilon", DEFAULT_EPSILON);
    const { values, mean, inverseDeviation } = standardise(
      context.input(0).data,
      groupsOf(plan.dims, plan.axes),
      epsilon,
    );
    const scale = broadcast(context.input(1).data, context.input(1).dims, plan.dims);
    const bias = context.has(2)
      ? broadcast(context.input(2).data, context.input(2).dims, plan.dims)
      : new Float64Array(values.length);
    const y = values.map((x, i) => x * scale[i]! + bias[i]!);
    return [
      ndArray(plan.dtype, plan.dims, y),
      ndArray(plan.statisticsType, plan.statistics, mean),
      ndArray(plan.statisticsType, plan.statistics, inverseDeviation),
    ].slice(0, context.node.outputs.length);
  },
};

/** Softmax runs along one axis since opset 13, along all axes from `axis` on before. */
function softmaxPlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const rank = dims.length;
  const axis = normalAxis(intAttribute(s.node, "axis", s.opset < 13 ? 1 : -1), rank);
  const axes = dims.flatMap((_, i) => (i === axis || (s.opset < 13 && i > axis) ? [i] : []));
  return { dtype, dims, axes };
}

export const NORMALISE = {
  GroupNormalization: operator(groupNormPlan, ({ view, groups, entries }, c) => {
    const [batch, channels, positions] = view;
    const perGroup = channels / groups;
    const members = groupsOf([batch * groups, perGroup * positions], [1]);
    const epsilon = floatAttribute(c.node, "epsilon", DEFAULT_EPSILON);
    const { values } = standardise(c.input(0).data, members, epsilon);
    return affine(c, values, view, (channel) =>
      entries === channels ? channel : Math.floor(channel / perGroup),
    );
  }),
  InstanceNormalization: operator(
    (s) => {
      const { dtype, dims } = s.type(0);
      const view = channelled(dims);
      expectLength(s, 1, "scale", view[1]);
      expectLength(s, 2, "bias", view[1]);
      return { dtype, dims, view };
    },
    ({ view }, c) => {
      const epsilon = floatAttribute(c.node, "epsilon", DEFAULT_EPSILON);
      const { values } = standardise(c.input(0).data, groupsOf(view, [2]), epsilon);
      return affine(c, values, view, (channel) => channel);
    },
  ),
  LayerNormalization: layerNormalization,
  /** Y = e^(X - max) / Σ e^(X - max). */
  Softmax: operator(softmaxPlan, ({ dims, axes }, c) => {
    const { data } = c.input(0);
    const { starts, members } = groupsOf(dims, axes);
    const out = new Float64Array(data.length);
    for (const start of starts) {
      let max = -Infinity;
      for (const member of members) max = Math.max(max, data[start + member]!);
      let sum = 0;
      for (const member of members)
        sum += out[start + member] = Math.exp(data[start + member]! - max);
      for (const member of members) out[start + member]! /= sum;
    }
    return out;
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
