/** @file onnxruntime's WebAssembly file with some of its functions made faster. */
import { FUSED_GATE, fusedFunction } from "./fused.ts";
import { softmaxExponentials } from "./exp.ts";
import { type Changed, changeFunctions, type WasmFunction } from "./module.ts";
import { matrixProducts } from "./sgemm.ts";
import type { Target } from "./target.ts";

/** What is made faster; each can be left as it came. */
export const PARTS = ["products", "exponentials", "fused"] as const;
export type Part = (typeof PARTS)[number];

export interface AccelerateOptions extends Target {
  readonly parts?: readonly Part[];
}

export interface Accelerated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Those of the wanted parts that the file has; of another version, another build, it may be none. */
  readonly parts: readonly Part[];
}

/** Functions that are recognised by their type and by what is in them. */
export interface Replacement {
  /** How many there are. */
  readonly count: number;
  recognises(it: WasmFunction): boolean;
  /** @param next the number of the first further function */
  body(it: WasmFunction, next: number): Uint8Array | Changed;
}

/**
 * The file with faster functions, a part of them where it has exactly those that are known.
 * @throws StudioError "backend-unavailable" where the bytes are not a whole module
 */
export function accelerate(
  bytes: Uint8Array,
  { parts = PARTS, ...target }: AccelerateOptions,
): Accelerated {
  const known: Readonly<Record<Part, readonly Replacement[]>> = {
    products: [matrixProducts(target.relaxed)],
    exponentials: [softmaxExponentials(target.relaxed)],
    fused: [fusedFunction(target), FUSED_GATE],
  };
  const all = parts.flatMap((part) => known[part]);
  const found = new Map(all.map((one) => [one, 0]));
  changeFunctions(bytes, (it) => {
    const one = all.find((candidate) => candidate.recognises(it));
    if (one !== undefined) found.set(one, found.get(one)! + 1);
    return null;
  });
  const applied = parts.filter((part) => known[part].every((one) => found.get(one) === one.count));
  const replacements = applied.flatMap((part) => known[part]);
  const changed = changeFunctions(
    bytes,
    (it, next) => replacements.find((one) => one.recognises(it))?.body(it, next) ?? null,
  );
  return { bytes: changed, parts: applied };
}
