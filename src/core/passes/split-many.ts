/** @file A tensor cut into many pieces by Splits of few outputs each: onnxruntime's WebGPU Split binds a buffer an output. */
import { int } from "../onnx/attributes.ts";
import type { Emitter } from "../onnx/emit.ts";

/** A shader stage is only guaranteed eight storage buffers: one for the input, seven for the outputs. */
const MOST = 7;

/** @param sizes of the pieces along the axis, in order */
export function splitMany(
  emit: Emitter,
  x: string,
  sizes: readonly number[],
  axis: number,
): readonly string[] {
  if (sizes.length === 1) return [x];
  if (sizes.length <= MOST) {
    return emit.many("Split", [x, emit.ints(sizes)], sizes.length, { axis: int(axis) });
  }
  const share = Math.ceil(sizes.length / MOST);
  const groups: (readonly number[])[] = [];
  for (let at = 0; at < sizes.length; at += share) groups.push(sizes.slice(at, at + share));
  const widths = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
  return splitMany(emit, x, widths, axis).flatMap((part, i) =>
    splitMany(emit, part, groups[i] ?? [], axis),
  );
}
