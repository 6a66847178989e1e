/** @file Gradients of the studio's own operators: one operator more (core/onnx/operators/packed-attention.ts, gated-gelu.ts). */
import { int, intAttribute } from "../../onnx/attributes.ts";
import type { VjpRule } from "../rule.ts";

/** The second input says how large the output is, and no more. */
export const packedSelfAttention: VjpRule = ({ emit, node, input, dY }) => [
  emit.op("PackedSelfAttentionGradient", [input(0), dY], {
    heads: int(intAttribute(node, "heads", 1)),
  }),
];

/** dQ [B, S, C] and [dK | dV] [B, T, 2C], cut out of rows of C numbers. */
export const packedCrossAttention: VjpRule = ({ emit, make, node, input, dY, needs }) => {
  const [packed, queries] = [input(0), input(1)];
  const [images = 1, rows = 1, channels = 1] = make.dims(queries);
  const positions = make.dims(packed)[1] ?? 1;
  const asRows = make.reshape(packed, [images, 2 * positions, channels]);
  const all = emit.op("Concat", [queries, dY, asRows], { axis: int(1) });
  const gradients = emit.op("PackedCrossAttentionGradient", [all, packed], {
    heads: int(intAttribute(node, "heads", 1)),
  });
  const [dQ = "", , dPacked = ""] = emit.many(
    "Split",
    [gradients, emit.ints([rows, rows, 2 * positions])],
    3,
    { axis: int(1) },
  );
  return [needs(0) ? make.reshape(dPacked, make.dims(packed)) : null, needs(1) ? dQ : null];
};

export const gatedGelu: VjpRule = ({ emit, input, dY }) => [
  emit.op("GatedGeluGradient", [input(0), dY]),
];

/** dx out of [dx, nothing], which the operator makes of [dy, x]. */
export const fusedGroupNorm: VjpRule = ({ emit, make, node, input, dY }) => {
  const dims = make.dims(input(0));
  const lead = (value: string): string => make.reshape(value, [1, ...dims]);
  const both = emit.op("Concat", [lead(dY), lead(input(0))], { axis: int(0) });
  const inputs = [both, input(1), input(2)];
  const gradients = emit.op("FusedGroupNormGradient", inputs, Object.fromEntries(node.attributes));
  const first = make.slice(gradients, [0], [0], [1]);
  return [make.reshape(first, dims), null, null];
};
