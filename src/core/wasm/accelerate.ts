/** @file onnxruntime's WebAssembly file with some of its functions made faster. */
import { softmaxExponentials } from "./exp.ts";
import { changeFunctions, type WasmFunction } from "./module.ts";
import { matrixProducts } from "./sgemm.ts";

/** What is made faster; each can be left as it came. */
export const PARTS = ["products", "exponentials"] as const;
export type Part = (typeof PARTS)[number];

export interface AccelerateOptions {
  /** Whether the engine has relaxed SIMD. */
  readonly relaxed: boolean;
  readonly parts?: readonly Part[];
}

/** Functions that are recognised by their type and by what is in them. */
export interface Replacement {
  /** How many there are. */
  readonly count: number;
  recognises(it: WasmFunction): boolean;
  body(it: WasmFunction): Uint8Array;
}

/**
 * The file with faster functions; null where it has not exactly those that are known: another version, another build.
 * @throws StudioError "backend-unavailable" where the bytes are not a whole module
 */
export function accelerate(
  bytes: Uint8Array,
  { relaxed, parts = PARTS }: AccelerateOptions,
): Uint8Array<ArrayBuffer> | null {
  const known: Readonly<Record<Part, Replacement>> = {
    products: matrixProducts(relaxed),
    exponentials: softmaxExponentials(relaxed),
  };
  const replacements = parts.map((part) => known[part]);
  const found = replacements.map(() => 0);
  const changed = changeFunctions(bytes, (it) => {
    const index = replacements.findIndex((one) => one.recognises(it));
    if (index < 0) return null;
    found[index]! += 1;
    return replacements[index]!.body(it);
  });
  return replacements.every(({ count }, i) => found[i] === count) ? changed : null;
}
