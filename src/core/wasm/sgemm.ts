/**
 * @file The inner loop of float32 matrix products, written anew for onnxruntime's WebAssembly build: MLAS spends nearly
 * all of MatMul, Gemm and Conv in two functions that give two rows of C for 16 columns at a time. Ours is put in front of
 * their own code, which is left what ours does not take (sgemm-code.ts says what; their signature and the packing of B:
 * onnxruntime, core/mlas/lib/sgemm.cpp and the kernel for WebAssembly's SIMD).
 */
import { f32x4Add, f32x4Multiply, F32, I32, type Code, V128 } from "./instructions.ts";
import { leb, readLeb } from "./leb128.ts";
import { changeFunctions, type WasmFunction } from "./module.ts";
import { fastPath, INTEGERS, VECTORS } from "./sgemm-code.ts";

/** (A, B, C, countK, countM, countN, lda, ldc: i32, alpha: f32) gives the rows that are done: i32. */
const TYPE = [9, I32, I32, I32, I32, I32, I32, I32, I32, F32, 1, I32];

/** f32x4.mul and f32x4.add, one after the other: as often in MLAS's two functions, and in no other of their type. */
const MULTIPLY_ADD = [...f32x4Multiply, ...f32x4Add];
const MULTIPLY_ADDS = 36;
/** The one that adds to C has more additions than the one that overwrites it. */
const ADDITIONS_WHEN_OVERWRITING = 40;

export interface SgemmOptions {
  /** Whether the engine has relaxed SIMD. */
  readonly relaxed: boolean;
}

/**
 * onnxruntime's WebAssembly file with the faster loop; null where it has not the two functions that are known.
 * @throws StudioError "backend-unavailable" where the bytes are not a whole module
 */
export function accelerateSgemm(
  bytes: Uint8Array,
  options: SgemmOptions,
): Uint8Array<ArrayBuffer> | null {
  const found: boolean[] = [];
  const changed = changeFunctions(bytes, (it) => {
    if (!isKernel(it)) return null;
    const overwrites = occurrences(it.body, f32x4Add) === ADDITIONS_WHEN_OVERWRITING;
    found.push(overwrites);
    return withFastPath(it.body, overwrites, options);
  });
  return found.length === 2 && found.includes(true) && found.includes(false) ? changed : null;
}

function isKernel({ type, body }: WasmFunction): boolean {
  return (
    type.length === TYPE.length &&
    TYPE.every((byte, i) => type[i] === byte) &&
    occurrences(body, MULTIPLY_ADD) === MULTIPLY_ADDS
  );
}

function occurrences(bytes: Uint8Array, wanted: Code): number {
  let count = 0;
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) count += 1;
  }
  return count;
}

/** The function with our locals after its own, and our code before its own. */
function withFastPath(
  body: Uint8Array,
  overwrites: boolean,
  { relaxed }: SgemmOptions,
): Uint8Array {
  const [groups, start] = readLeb(body, 0);
  let at = start;
  let locals = TYPE[0]!;
  for (let group = 0; group < groups; group++) {
    const [count, type] = readLeb(body, at);
    locals += count;
    at = type + 1;
  }
  return Uint8Array.from([
    ...leb(groups + 2),
    ...body.subarray(start, at),
    ...[...leb(INTEGERS), I32, ...leb(VECTORS), V128],
    ...fastPath(locals, overwrites, relaxed),
    ...body.subarray(at),
  ]);
}
