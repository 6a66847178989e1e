/** @file Gradients of the studio's own operators: one operator more (core/onnx/operators/packed-attention.ts and others). */
import { int, intAttribute } from "../../onnx/attributes.ts";
import type { VjpRule } from "../rule.ts";

/** The second input says how large the output is, and no more; a mask is a constant of the model. */
export const packedSelfAttention: VjpRule = ({ emit, node, input, output, dY }) => [
  emit.op("PackedSelfAttentionGradient", [input(0), dY, output(0), ...node.inputs.slice(2)], {
    heads: int(intAttribute(node, "heads", 1)),
  }),
];

/** [dK | dV] [B, T, 2C] and dQ [B, S, C], cut out of rows of C numbers. */
export const packedCrossAttention: VjpRule = ({ emit, make, node, input, dY, needs }) => {
  const [packed, queries] = [input(0), input(1)];
  const rows = make.dims(queries)[1] ?? 1;
  const positions = make.dims(packed)[1] ?? 1;
  const gradients = emit.op("PackedCrossAttentionGradient", [packed, queries, dY], {
    heads: int(intAttribute(node, "heads", 1)),
  });
  const parts = emit.ints([rows, 2 * positions]);
  const [dQ = "", dPacked = ""] = emit.many("Split", [gradients, parts], 2, { axis: int(1) });
  return [needs(0) ? make.reshape(dPacked, make.dims(packed)) : null, needs(1) ? dQ : null];
};

export const gatedGelu: VjpRule = ({ emit, input, dY }) => [
  emit.op("GatedGeluGradient", [input(0), dY]),
];

export const quickGelu: VjpRule = ({ emit, input, dY }) => [
  emit.op("QuickGeluGradient", [input(0), dY]),
];

/** γ and β are constants of the model, and get no gradient. */
export const fusedGroupNorm: VjpRule = ({ emit, node, input, dY }) => [
  emit.op(
    "FusedGroupNormGradient",
    [dY, input(0), input(1), input(2)],
    Object.fromEntries(node.attributes),
  ),
  null,
  null,
];

/** dx does not depend on β. */
export const fusedLayerNorm: VjpRule = ({ emit, node, input, dY }) => [
  emit.op("FusedLayerNormGradient", [dY, input(0), input(1)], Object.fromEntries(node.attributes)),
  null,
  null,
];
