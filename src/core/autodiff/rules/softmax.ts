/** @file Gradient of Softmax, from its output alone. */
import { intAttribute } from "../../onnx/attributes.ts";
import { normalAxis } from "../../tensor/shape.ts";
import type { VjpRule } from "../rule.ts";

/**
 * Softmax   Y = exp X / Σ exp X          Σ over the axis; before operator set 13 over it and all that follow
 *   dX = Y ∘ (dY - Σ dY ∘ Y)             three passes (dY∘Y, the difference, the product) and one reduction
 * Where dY comes centred from the product behind it (attention.ts), one pass is left: dX = Y ∘ dY.
 */
export const softmax: VjpRule = ({ node, opset, make, dY, output }) => {
  const y = output(0);
  const rank = make.dims(y).length;
  const axis = normalAxis(intAttribute(node, "axis", opset < 13 ? 1 : -1), rank);
  if (make.centred.has(dY)) return [make.mul(y, dY)];
  const axes = opset < 13 ? Array.from({ length: rank - axis }, (_, i) => axis + i) : [axis];
  const total = make.reduce("ReduceSum", make.mul(dY, y), axes, true);
  return [make.mul(y, make.sub(dY, total))];
};
