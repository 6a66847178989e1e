/** @file Equal parts laid end to end, and taken out again: samples of a batch. */

/** All parts, which are of one length, in one array. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const size = parts[0]?.length ?? 0;
  const data = new Float32Array(parts.length * size);
  parts.forEach((values, i) => data.set(values, i * size));
  return data;
}

/** A view of part `i` of `count` equal ones. */
export function partOf(data: Float32Array, i: number, count: number): Float32Array {
  const size = data.length / count;
  return data.subarray(i * size, (i + 1) * size);
}
