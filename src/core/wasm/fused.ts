/**
 * @file Where the studio's own functions are put into onnxruntime's file: in place of MultiHeadAttention's on the CPU, which
 * nobody reaches on WebAssembly, for it asks for the size of a cache that is not known there. Now it is reached where the
 * scale is negative, which has no meaning of its own (fused-call.ts), once by every thread.
 * Fields and their places: onnxruntime, contrib_ops/cpu/bert/multihead_attention.cc and core/mlas/lib/flashattn.cpp.
 */
import type { Replacement } from "./accelerate.ts";
import { fusedKernel } from "./fused-kernel.ts";
import {
  type Code,
  f32,
  get,
  I32,
  i32,
  i32Add,
  i32Load,
  i32Multiply,
  i32ShiftLeft,
  tee,
} from "./instructions.ts";
import { IN_PLACE, inputsInPlace, SCALE_IS_NEGATIVE } from "./inputs-in-place.ts";
import { hasType, occurrences, replaced } from "./recognise.ts";
import type { Target } from "./target.ts";

/** Floats that each thread has to itself, 4 MiB: what a head's keys, values and their gradients need is below. */
export const SCRATCH_FLOATS = 2 ** 20;

/** (arguments, thread). */
const KERNEL_TYPE = [2, I32, I32, 0];
const LOWEST = f32(0xff7fffff);
const ONE = f32(0x3f800000);

/** (status, kernel, context). */
const COMPUTE_TYPE = [3, I32, I32, I32, 0];
/** The cache's size, which is compared with 0, and whether the scale is below 0 in its place. */
const CACHE_SIZE = [...get(1), ...i32Load(68), ...tee(6)];
const IS_OURS = [...SCALE_IS_NEGATIVE, ...tee(6)];
/** Bytes a thread: (columns + a value's size + 2) rows of floats; with such a cache there is one row. */
const sizeOf = (more: number): Code => [
  ...[...i32(more), ...i32Add, ...i32Multiply, ...i32(2), ...i32ShiftLeft, ...tee(4)],
];

/** The function of each thread. */
export function fusedFunction(target: Target): Replacement {
  return {
    count: 1,
    recognises: (it) =>
      hasType(it, KERNEL_TYPE) &&
      occurrences(it, LOWEST) === 2 &&
      occurrences(it, ONE) === 2 &&
      // Its last field is at 60; others have the same constants and more fields.
      occurrences(it, i32Load(60)) === 1 &&
      occurrences(it, i32Load(64)) === 0,
    body: (_, next) => {
      const { body, more } = fusedKernel(target, next);
      return { body: Uint8Array.from(body), more: more.map((one) => Uint8Array.from(one)) };
    },
  };
}

/** The way to it. */
export const FUSED_GATE: Replacement = {
  count: 1,
  recognises: (it) =>
    hasType(it, COMPUTE_TYPE) &&
    [CACHE_SIZE, sizeOf(2), ...IN_PLACE].every((code) => occurrences(it, code) === 1),
  body: (it) => {
    const open = replaced(replaced(it, CACHE_SIZE, IS_OURS), sizeOf(2), sizeOf(SCRATCH_FLOATS));
    return inputsInPlace(open).body;
  },
};
