/** @file Where onnxruntime's file has the exponentials of softmaxes: MlasComputeSumExpF32Kernel. */
import type { Replacement } from "./accelerate.ts";
import { exponentials, LOG2_E } from "./exp-code.ts";
import { constantVector, F32, I32 } from "./instructions.ts";
import { hasType, occurrences } from "./recognise.ts";

/** (input, output, count: i32, negative maximum: f32) gives the sum: f32. */
const TYPE = [4, I32, I32, I32, F32, 1, F32];
/** Two vectors at a time, one, and a single element. */
const TIMES = 4;

export function softmaxExponentials(relaxed: boolean): Replacement {
  return {
    count: 1,
    recognises: (it) => hasType(it, TYPE) && occurrences(it, constantVector(LOG2_E)) === TIMES,
    body: () => Uint8Array.from(exponentials(relaxed)),
  };
}
