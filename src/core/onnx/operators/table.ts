/** @file The operator table: a type rule and an evaluation for every supported operator, total at compile time. */
import { BINARY } from "./binary.ts";
import { CONV } from "./conv.ts";
import type { OperatorDefinition } from "./definition.ts";
import { DENSE } from "./dense.ts";
import { FUSED_GROUP_NORM } from "./fused-group-norm.ts";
import { CONVOLUTIONS } from "./convolutions.ts";
import { FUSED_LAYER_NORM } from "./fused-layer-norm.ts";
import { GATED_GELU } from "./gated-gelu.ts";
import { GATHER } from "./gather.ts";
import { LAYOUT } from "./layout.ts";
import { LINEAR } from "./linear.ts";
import { NORMALISE } from "./normalise.ts";
import { PACKED_ATTENTION } from "./packed-attention.ts";
import { QUICK_GELU } from "./quick-gelu.ts";
import { REDUCE } from "./reduce.ts";
import { RESHAPE } from "./reshape.ts";
import { RESIZE } from "./resize.ts";
import { SHAPE_OPS } from "./shape-ops.ts";
import { SLICE } from "./slice.ts";
import type { SupportedOp } from "./supported.ts";
import { UNARY } from "./unary.ts";

export const OPERATORS = {
  ...UNARY,
  ...BINARY,
  ...LINEAR,
  ...CONV,
  ...NORMALISE,
  ...PACKED_ATTENTION,
  ...QUICK_GELU,
  ...REDUCE,
  ...RESHAPE,
  ...LAYOUT,
  ...SLICE,
  ...DENSE,
  ...FUSED_GROUP_NORM,
  ...CONVOLUTIONS,
  ...FUSED_LAYER_NORM,
  ...GATED_GELU,
  ...GATHER,
  ...RESIZE,
  ...SHAPE_OPS,
} satisfies Record<SupportedOp, OperatorDefinition>;
