/** @file The operators the toolkit understands. Every table over operators is total over this list, at compile time. */

/** Of the studio's own, for sessions that have them (passes/fuse.ts). */
const OWN = [
  "DirectConvolution",
  "Dense",
  "FusedGroupNorm",
  "FusedGroupNormGradient",
  "FusedLayerNorm",
  "FusedLayerNormGradient",
  "GatedGelu",
  "GatedGeluGradient",
  "PackedCrossAttention",
  "PackedCrossAttentionGradient",
  "PackedSelfAttention",
  "PackedSelfAttentionGradient",
  "PointwiseConvolution",
  "QuickGelu",
  "QuickGeluGradient",
  "WinogradConvolution",
] as const;

/** Operators that no file may bring: sessions trust the studio's passes to have checked what goes into them. */
export const OWN_OPS: ReadonlySet<string> = new Set(OWN);

export const SUPPORTED_OPS = [
  // elementwise, one input
  "Abs",
  "Cast",
  "Ceil",
  "Cos",
  "Erf",
  "Exp",
  "Floor",
  "Gelu",
  "Identity",
  "IsNaN",
  "Log",
  "Neg",
  "Not",
  "Reciprocal",
  "Relu",
  "Sigmoid",
  "Sign",
  "Sin",
  "Sqrt",
  "Tanh",
  // elementwise, broadcasting
  "Add",
  "And",
  "Clip",
  "Div",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "Max",
  "Min",
  "Mod",
  "Mul",
  "Or",
  "Pow",
  "Sub",
  "Where",
  // linear algebra and convolution
  "AveragePool",
  "Conv",
  "Gemm",
  "MatMul",
  // normalisation and reduction
  "GroupNormalization",
  "InstanceNormalization",
  "LayerNormalization",
  "ReduceMax",
  "ReduceMean",
  "ReduceProd",
  "ReduceSum",
  "Softmax",
  "ArgMax",
  "CumSum",
  ...OWN,
  // movement
  "Concat",
  "DepthToSpace",
  "Expand",
  "Flatten",
  "Gather",
  "GatherElements",
  "GatherND",
  "Pad",
  "Reshape",
  "Resize",
  "ScatterND",
  "Slice",
  "Split",
  "Squeeze",
  "Tile",
  "Transpose",
  "Trilu",
  "Unsqueeze",
  // shapes and constants
  "Constant",
  "ConstantOfShape",
  "Range",
  "Shape",
  "Size",
] as const;

export type SupportedOp = (typeof SUPPORTED_OPS)[number];

const SUPPORTED: ReadonlySet<string> = new Set(SUPPORTED_OPS);

export function isSupported(opType: string): opType is SupportedOp {
  return SUPPORTED.has(opType);
}
