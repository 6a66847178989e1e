/** @file Arithmetic on shapes: element counts, strides, broadcasting, axes. */

export type Dims = readonly number[];

/** Number of elements of a tensor of shape `dims`; 1 for a scalar. */
export function elementCount(dims: Dims): number {
  return dims.reduce((product, d) => product * d, 1);
}

/** Row-major strides, in elements. */
export function stridesOf(dims: Dims): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis]!;
  }
  return strides;
}

export function sameDims(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Axis as a number in [0, rank); ONNX counts negative axes from the end. */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= Math.max(rank, 1)) {
    throw new RangeError(`axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return normal;
}

/** Numpy's multidirectional broadcasting of two shapes; throws a RangeError where they do not agree. */
export function broadcastDims(a: Dims, b: Dims): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const da = a[axis - rank + a.length] ?? 1;
    const db = b[axis - rank + b.length] ?? 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new RangeError(`shapes [${a.join(", ")}] and [${b.join(", ")}] do not broadcast`);
    }
    return da === 1 ? db : da;
  });
}
