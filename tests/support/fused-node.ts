/**
 * @file A node that asks for one of the studio's own functions, run as onnxruntime runs it: its tensors in memory, their
 * sizes among the arguments, and the function once for every thread.
 */
import { expect } from "vitest";
import { fusedAlone, memory } from "./wasm-functions.ts";
import { floatAttribute } from "../../src/core/onnx/attributes.ts";
import type { Node } from "../../src/core/onnx/graph.ts";
import { ndArray, type NdArray } from "../../src/core/tensor/nd-array.ts";
import type { Target } from "../../src/core/wasm/target.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";

const UNTOUCHED = 7.5;
/** Bytes: the arguments, tensors one after the other, a thread's own memory. */
const [ARGUMENTS, TENSORS, SCRATCH] = [64, 0x1000, 0x180000];
const SCRATCH_BYTES = 0x60000;
const THREADS = 3;
/** Floats after each tensor that nobody may write. */
const BETWEEN = 8;

export type FusedRunner = (node: Node, inputs: readonly NdArray[]) => NdArray;

export function fusedRunner(target: Target): FusedRunner {
  const kernel = fusedAlone(target);
  return (node, inputs) => {
    const [query, key, value, bias] = inputs;
    if (query === undefined || key === undefined || value === undefined) {
      throw new Error(`"${node.name}" has no query, key and value`);
    }
    const [batch = 0, queries = 0, querySize = 0] = query.dims;
    const [, keys = 0, valueSize = 0] = value.dims;
    // What onnxruntime would refuse.
    expect(key.dims).toEqual([batch, keys, querySize]);
    expect(value.dims).toEqual([batch, keys, valueSize]);
    const dims = [batch, queries, valueSize];
    const size = elementCount(dims);

    const floats = new Float32Array(memory.buffer);
    const words = new Int32Array(memory.buffer);
    floats.fill(UNTOUCHED);
    let next = TENSORS;
    const reserve = (count: number): number => {
      const at = next;
      next += 4 * (count + BETWEEN);
      expect(next).toBeLessThanOrEqual(SCRATCH);
      return at;
    };
    const place = (tensor: NdArray): number => {
      const at = reserve(tensor.data.length);
      floats.set(tensor.data, at / 4);
      return at;
    };
    const queryAt = place(query);
    const places = {
      // Without a bias it is where the query is (inputs-in-place.ts).
      ...{ 48: queryAt, 52: place(key), 56: place(value), 24: bias ? place(bias) : queryAt },
      ...{ 60: reserve(size), 40: SCRATCH, 44: SCRATCH_BYTES },
    };
    const sizes = { 0: batch, 4: 1, 8: queries, 12: keys, 16: querySize, 20: valueSize };
    for (const [at, word] of Object.entries({ ...sizes, 36: THREADS, ...places })) {
      words[(ARGUMENTS + Number(at)) / 4] = word;
    }
    floats[(ARGUMENTS + 32) / 4] = floatAttribute(node, "scale", 0);
    const before = floats.slice(0, SCRATCH / 4);
    for (let thread = 0; thread < THREADS; thread++) kernel(ARGUMENTS, thread);

    const output = floats.slice(places[60] / 4, places[60] / 4 + size);
    // Nothing but the output was written.
    before.set(output, places[60] / 4);
    expect(Buffer.compare(bytesOf(before), bytesOf(floats.subarray(0, SCRATCH / 4)))).toBe(0);
    return ndArray("float32", dims, output);
  };
}

const bytesOf = (floats: Float32Array): Uint8Array =>
  new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
