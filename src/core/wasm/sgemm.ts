/**
 * @file The inner loop of float32 matrix products, written anew for onnxruntime's WebAssembly build: MLAS spends nearly
 * all of MatMul, Gemm and Conv in two functions that give two rows of C for 16 columns at a time. Ours is put in front of
 * their own code, which is left what ours does not take (sgemm-code.ts says what; their signature and the packing of B:
 * onnxruntime, core/mlas/lib/sgemm.cpp and the kernel for WebAssembly's SIMD).
 */
import type { Replacement } from "./accelerate.ts";
import { F32, f32x4Add, f32x4Multiply, I32, V128 } from "./instructions.ts";
import type { WasmFunction } from "./module.ts";
import { extended, hasType, occurrences } from "./recognise.ts";
import { fastPath, INTEGERS, VECTORS } from "./sgemm-code.ts";

/** (A, B, C, countK, countM, countN, lda, ldc: i32, alpha: f32) gives the rows that are done: i32. */
const PARAMETERS = [I32, I32, I32, I32, I32, I32, I32, I32, F32];
const TYPE = [PARAMETERS.length, ...PARAMETERS, 1, I32];

/** One instruction after the other: as often in MLAS's two functions, and in no other of their type. */
const MULTIPLY_ADD = [...f32x4Multiply, ...f32x4Add];
const MULTIPLY_ADDS = 36;
/** The one that adds to C has more additions than the one that overwrites it. */
const ADDITIONS_WHEN_OVERWRITING = 40;

export function matrixProducts(relaxed: boolean): Replacement {
  return {
    count: 2,
    recognises: (it) => hasType(it, TYPE) && occurrences(it, MULTIPLY_ADD) === MULTIPLY_ADDS,
    body: (it) => withFastPath(it, relaxed),
  };
}

/** The function with our locals after its own, and our code before its own. */
function withFastPath(it: WasmFunction, relaxed: boolean): Uint8Array {
  const overwrites = occurrences(it, f32x4Add) === ADDITIONS_WHEN_OVERWRITING;
  const locals = [
    [INTEGERS, I32],
    [VECTORS, V128],
  ] as const;
  return extended(it, locals, (first) => fastPath(first, overwrites, relaxed)).it.body;
}
