/** @file Gradients of operators that move elements about: each moves dY back, or puts zeros where nothing went. */
import { int, intAttribute, intsAttribute, stringAttribute } from "../../onnx/attributes.ts";
import { constantOf } from "../../onnx/constant.ts";
import { normalAxis } from "../../tensor/shape.ts";
import { refuse, type VjpRule } from "../rule.ts";

/** Reshape, Flatten, Squeeze, Unsqueeze:   dX = dY in X's shape */
export const reshape: VjpRule = ({ make, dY, input }) => [make.reshape(dY, make.dims(input(0)))];

/** Expand   Y = X broadcast to a shape:   dX = dY, summed by the walk */
export const expand: VjpRule = ({ dY }) => [dY];

/** Transpose   axis i of Y is axis perm[i] of X:   axis perm[i] of dX is axis i of dY */
export const transpose: VjpRule = ({ node, make, dY }) => {
  const rank = make.dims(dY).length;
  const perm =
    intsAttribute(node, "perm", undefined) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const inverse = Array.from({ length: rank }, (_, axis) => perm.indexOf(axis));
  return [make.transpose(dY, inverse)];
};

/** Concat   Y = X_1, X_2, ... along an axis:   dX_i = the part of dY that came from X_i */
export const concat: VjpRule = ({ node, make, dY, input, needs }) => {
  const axis = normalAxis(intAttribute(node, "axis", 0), make.dims(dY).length);
  let end = 0;
  return node.inputs.map((_, i) => {
    const start = end;
    end += make.dims(input(i))[axis]!;
    return needs(i) ? make.slice(dY, [axis], [start], [end]) : null;
  });
};

/** Split   X into Y_1, Y_2, ... along an axis:   dX = dY_1, dY_2, ... joined, zeros for one that is not used */
export const split: VjpRule = ({ node, make, emit, input, gradOutput, type }) => {
  const { dtype, dims } = type(input(0));
  const axis = normalAxis(intAttribute(node, "axis", 0), dims.length);
  const parts = node.outputs.map((name, i) => {
    if (name === "") refuse("one of its outputs has no name, so its size is not known");
    return gradOutput(i) ?? make.fill(dtype, type(name).dims, 0);
  });
  return [emit.op("Concat", parts, { axis: int(axis) })];
};

/** Slice   Y = X from starts to ends along some axes, step 1:   dX = dY with zeros before and after */
export const slice: VjpRule = ({ make, dY, input, numbers }) => {
  const dims = make.dims(input(0));
  const starts = numbers(1) ?? [];
  const axes = (numbers(3) ?? starts.map((_, i) => i)).map((axis) => normalAxis(axis, dims.length));
  if ((numbers(4) ?? []).some((step) => step !== 1)) refuse("its steps are not all 1");
  const before = dims.map((d, axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return 0;
    const start = starts[at]!;
    return Math.min(Math.max(start < 0 ? start + d : start, 0), d);
  });
  const after = dims.map((d, axis) => d - before[axis]! - make.dims(dY)[axis]!);
  return [make.padOrCrop(dY, before, after)];
};

/** Pad   Y = X with constants before and after; negative numbers take elements away:   dX = dY with it undone */
export const pad: VjpRule = ({ make, dY, input, numbers }) => {
  const rank = make.dims(input(0)).length;
  const pads = numbers(1) ?? [];
  const axes = (numbers(3) ?? make.dims(dY).map((_, axis) => axis)).map((axis) =>
    normalAxis(axis, rank),
  );
  const undo = (offset: number): number[] =>
    Array.from({ length: rank }, (_, axis) => {
      const at = axes.indexOf(axis);
      return at < 0 ? 0 : 0 - pads[at + offset]!;
    });
  return [make.padOrCrop(dY, undo(0), undo(axes.length))];
};

/**
 * Tile   axis i of Y is axis i of X, d_i elements, r_i times over
 *   dX = dY as [r_1, d_1, r_2, d_2, ...] summed over the r_i
 */
export const tile: VjpRule = ({ make, dY, input, numbers }) => {
  const dims = make.dims(input(0));
  const repeats = numbers(1) ?? [];
  const shape: number[] = [];
  const axes: number[] = [];
  dims.forEach((d, axis) => {
    if (repeats[axis] !== 1) axes.push(shape.push(repeats[axis]!) - 1);
    shape.push(d);
  });
  return [make.reduce("ReduceSum", make.reshape(dY, shape), axes, false)];
};

/** Trilu   Y = X with one triangle of every matrix set to 0:   dX = dY ∘ the same triangle of ones, a constant */
export const trilu: VjpRule = ({ node, make, emit, dY, type, numbers }) => {
  const { dtype, dims } = type(dY);
  const [rows = 1, columns = 1] = dims.slice(-2);
  const [k = 0] = numbers(1) ?? [];
  const upper = intAttribute(node, "upper", 1) !== 0;
  const mask = Array.from({ length: rows * columns }, (_, at) => {
    const above = (at % columns) - Math.floor(at / columns) - k;
    return (upper ? above >= 0 : above <= 0) ? 1 : 0;
  });
  return [make.mul(dY, emit.constant(constantOf(dtype, [rows, columns], mask), "triangle"))];
};

/**
 * DepthToSpace   with blocks of b × b pixels, X [B, b² C, h, w], Y [B, C, b h, b w]
 *   DCR reads X's channels as [b, b, C], CRD as [C, b, b]
 *   dX = dY as [B, C, h, b, w, b] with the two block axes brought back to where they were
 */
export const depthToSpace: VjpRule = ({ node, make, dY, input }) => {
  const b = intAttribute(node, "blocksize", 1);
  const image = make.dims(input(0));
  const [batch = 1, channels = 1, height = 1, width = 1] = image;
  const blocks = make.reshape(dY, [batch, channels / (b * b), height, b, width, b]);
  const perm =
    stringAttribute(node, "mode", "DCR") === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return [make.reshape(make.transpose(blocks, perm), image)];
};
