/** @file Where elements lie: any movement of a dense array is one list of offsets for each axis of the result. */
import { type Dims, elementCount, stridesOf } from "../../tensor/shape.ts";

/** All sums of one entry of each list, the last list fastest: the flat offsets of a grid in row-major order. */
export function offsetGrid(lists: readonly ArrayLike<number>[]): Int32Array {
  let grid = new Int32Array(1);
  for (const list of lists) {
    const next = new Int32Array(grid.length * list.length);
    let at = 0;
    for (const base of grid) {
      for (let i = 0; i < list.length; i++) next[at++] = base + list[i]!;
    }
    grid = next;
  }
  return grid;
}

/** `count` offsets from `start` on, `step` apart. */
export function progression(count: number, step: number, start = 0): Int32Array {
  const list = new Int32Array(count);
  for (let i = 0; i < count; i++) list[i] = start + i * step;
  return list;
}

/** Offsets into an array of shape `dims` as seen from the shape `out` that it broadcasts to. */
export function broadcastOffsets(dims: Dims, out: Dims): Int32Array {
  const strides = stridesOf(dims);
  return offsetGrid(
    out.map((size, i) => {
      const axis = i - out.length + dims.length;
      return progression(size, axis < 0 || dims[axis] === 1 ? 0 : strides[axis]!);
    }),
  );
}

/** Offsets of the positions along the axes for which `chosen` holds, all other indices 0. */
export function axisOffsets(dims: Dims, chosen: (axis: number) => boolean): Int32Array {
  const strides = stridesOf(dims);
  return offsetGrid(
    dims.flatMap((size, axis) => (chosen(axis) ? [progression(size, strides[axis]!)] : [])),
  );
}

/** The elements of `data` at `offsets`. */
export function pick(data: Float64Array, offsets: Int32Array): Float64Array {
  const out = new Float64Array(offsets.length);
  for (let i = 0; i < offsets.length; i++) out[i] = data[offsets[i]!]!;
  return out;
}

/** `values` written into `target` at `offsets`. */
export function place(target: Float64Array, offsets: Int32Array, values: Float64Array): void {
  for (let i = 0; i < offsets.length; i++) target[offsets[i]!] = values[i]!;
}

/** `data` of shape `dims` repeated to the shape `out` that it broadcasts to; the array itself where nothing repeats. */
export function broadcast(data: Float64Array, dims: Dims, out: Dims): Float64Array {
  const count = elementCount(out);
  if (data.length === count) return data;
  if (data.length === 1) return new Float64Array(count).fill(data[0]!);
  return pick(data, broadcastOffsets(dims, out));
}
