/** @file Gradient of Gather with constant indices: a slice put back, or a product with a matrix of zeros and ones. */
import { intAttribute } from "../../onnx/attributes.ts";
import { constantOf } from "../../onnx/constant.ts";
import { elementCount, normalAxis } from "../../tensor/shape.ts";
import type { VjpRule } from "../rule.ts";

/**
 * Gather   Y[.., i.., ..] = X[.., index[i..], ..]      X [P, n, Q] around the axis, m indices, Y [P, m, Q]
 *   dX[p, j, q] = Σ_{i: index[i] = j} dY[p, i, q]
 * Indices that follow one another are a slice, so dX is dY between zeros; any others are a product with the
 * constant matrix E [n, m], E[j, i] = [index[i] = j]:   dX = E·dY.
 */
export const gather: VjpRule = ({ node, make, emit, dY, type, input, numbers }) => {
  const { dtype, dims } = type(input(0));
  const axis = normalAxis(intAttribute(node, "axis", 0), dims.length);
  const count = dims[axis]!;
  const indices = (numbers(1) ?? []).map((index) => (index < 0 ? index + count : index));
  const outer = elementCount(dims.slice(0, axis));
  const inner = elementCount(dims.slice(axis + 1));
  const grad = make.reshape(dY, [outer, indices.length, inner]);
  const first = indices[0] ?? 0;
  if (indices.every((index, i) => index === first + i)) {
    const rest = count - first - indices.length;
    return [make.reshape(make.padOrCrop(grad, [0, first, 0], [0, rest, 0]), dims)];
  }
  const chosen = Array.from({ length: count * indices.length }, (_, at) =>
    indices[at % indices.length] === Math.floor(at / indices.length) ? 1 : 0,
  );
  const selection = constantOf(dtype, [count, indices.length], chosen);
  const dX = emit.op("MatMul", [emit.constant(selection, "selection"), grad]);
  return [make.reshape(dX, dims)];
};
