/** @file What is known about the derivative of every supported operator: a rule, a zero, or a refusal. Total by type. */
import type { SupportedOp } from "../onnx/operators/supported.ts";
import { noGradient, type NoGradient, type Refused, refused, type VjpRule } from "./rule.ts";
import * as arithmetic from "./rules/arithmetic.ts";
import { averagePool, conv } from "./rules/conv.ts";
import { gather } from "./rules/gather.ts";
import { gemm, matMul } from "./rules/matmul.ts";
import * as movement from "./rules/movement.ts";
import * as normalise from "./rules/normalise.ts";
import {
  fusedGroupNorm,
  fusedLayerNorm,
  gatedGelu,
  packedCrossAttention,
  packedSelfAttention,
  quickGelu,
} from "./rules/fused.ts";
import * as reduce from "./rules/reduce.ts";
import { resize } from "./rules/resize.ts";
import { softmax } from "./rules/softmax.ts";
import * as unary from "./rules/unary.ts";

const truthValue = noGradient("its output is true or false");
const stepwise = noGradient("its output is constant between steps");
const shapeOnly = noGradient("its output depends on shapes alone");
const secondOrder = refused("gradients are not differentiated again");
const forSessions = refused("it is put in after differentiation");
const scattered = refused("gathering and scattering by computed positions is not differentiated");

/** A path through an operator without a gradient ends there: the derivative is zero wherever there is one. */
export const VJP = {
  Abs: arithmetic.abs,
  Cast: unary.cast,
  Ceil: stepwise,
  Cos: unary.cos,
  Erf: unary.erf,
  Exp: unary.exp,
  Floor: stepwise,
  Gelu: unary.gelu,
  Identity: unary.cast,
  IsNaN: truthValue,
  Log: unary.log,
  Neg: unary.neg,
  Not: truthValue,
  Reciprocal: unary.reciprocal,
  Relu: arithmetic.relu,
  Sigmoid: unary.sigmoid,
  Sign: stepwise,
  Sin: unary.sin,
  Sqrt: unary.sqrt,
  Tanh: unary.tanh,

  Add: arithmetic.add,
  And: truthValue,
  Clip: arithmetic.clip,
  Div: arithmetic.div,
  Equal: truthValue,
  Greater: truthValue,
  GreaterOrEqual: truthValue,
  Less: truthValue,
  LessOrEqual: truthValue,
  Max: arithmetic.extremum,
  Min: arithmetic.extremum,
  Mod: refused("remainders are not differentiated"),
  Mul: arithmetic.mul,
  Or: truthValue,
  Pow: arithmetic.pow,
  Sub: arithmetic.sub,
  Where: arithmetic.where,

  AveragePool: averagePool,
  Conv: conv,
  Gemm: gemm,
  MatMul: matMul,

  GroupNormalization: normalise.groupNormalization,
  InstanceNormalization: normalise.instanceNormalization,
  LayerNormalization: normalise.layerNormalization,
  ReduceMax: reduce.reduceMax,
  ReduceMean: reduce.reduceMean,
  ReduceProd: refused("products over an axis are not differentiated"),
  ReduceSum: reduce.reduceSum,
  Softmax: softmax,
  ArgMax: noGradient("its output is a position"),
  CumSum: reduce.cumSum,
  Dense: refused("its weights are packed after differentiation"),
  FusedGroupNorm: fusedGroupNorm,
  FusedGroupNormGradient: secondOrder,
  FusedLayerNorm: fusedLayerNorm,
  FusedLayerNormGradient: secondOrder,
  GatedGelu: gatedGelu,
  GatedGeluGradient: secondOrder,
  PackedCrossAttention: packedCrossAttention,
  PackedCrossAttentionGradient: secondOrder,
  PackedSelfAttention: packedSelfAttention,
  PackedSelfAttentionGradient: secondOrder,
  QuickGelu: quickGelu,
  QuickGeluGradient: secondOrder,
  WinogradConvolution: forSessions,
  DirectConvolution: forSessions,
  PointwiseConvolution: forSessions,

  Concat: movement.concat,
  DepthToSpace: movement.depthToSpace,
  Expand: movement.expand,
  Flatten: movement.reshape,
  Gather: gather,
  GatherElements: scattered,
  GatherND: scattered,
  Pad: movement.pad,
  Reshape: movement.reshape,
  Resize: resize,
  ScatterND: scattered,
  Slice: movement.slice,
  Split: movement.split,
  Squeeze: movement.reshape,
  Tile: movement.tile,
  Transpose: movement.transpose,
  Trilu: movement.trilu,
  Unsqueeze: movement.reshape,

  Constant: noGradient("it has no inputs"),
  ConstantOfShape: shapeOnly,
  Range: refused("ranges between computed bounds are not differentiated"),
  Shape: shapeOnly,
  Size: shapeOnly,
} satisfies Record<SupportedOp, VjpRule | NoGradient | Refused>;

/** Operators with a rule. */
export type DifferentiableOp = {
  [Op in SupportedOp]: (typeof VJP)[Op] extends VjpRule ? Op : never;
}[SupportedOp];

/** Inputs that say how and not what: shapes, axes, indices, conditions. A path does not enter by them. */
export const NEVER_DIFFERENTIATED: Readonly<Partial<Record<SupportedOp, readonly number[]>>> = {
  CumSum: [1],
  Expand: [1],
  Gather: [1],
  PackedSelfAttention: [1, 2],
  Pad: [1, 3],
  ReduceMax: [1],
  ReduceMean: [1],
  ReduceSum: [1],
  Reshape: [1],
  Resize: [1, 2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Tile: [1],
  Trilu: [1],
  Unsqueeze: [1],
  Where: [0],
};

const NORM_PARAMETERS = {
  1: "it is not differentiated with respect to its scale",
  2: "it is not differentiated with respect to its shift",
} as const;

/** Inputs with a derivative that the studio has no use for; a path that enters by one is refused, and this is said. */
export const REFUSED_INPUTS: Readonly<
  Partial<Record<SupportedOp, Readonly<Record<number, string>>>>
> = {
  FusedGroupNorm: NORM_PARAMETERS,
  FusedLayerNorm: NORM_PARAMETERS,
  Clip: {
    1: "it is not differentiated with respect to its bounds",
    2: "it is not differentiated with respect to its bounds",
  },
  Conv: { 1: "it is not differentiated with respect to its weights" },
  Pad: { 2: "it is not differentiated with respect to the value it pads with" },
  Pow: { 1: "it is not differentiated with respect to its exponent" },
};
