/** @file onnxruntime's WebAssembly file as it is handed to onnxruntime: with faster functions. */
import type { OptimisationInUse, Optimisations } from "../../core/optimisations.ts";
import { accelerate, type Part, PARTS } from "../../core/wasm/accelerate.ts";
import type { Target } from "../../core/wasm/target.ts";

export interface FasterWasm {
  readonly binary: ArrayBuffer;
  /** Those that are in use: a file of another version may not have all functions that are known. */
  readonly optimisations: Optimisations;
}

/** The part of the file that an optimisation needs. */
const NEEDS: Readonly<Partial<Record<OptimisationInUse, Part>>> = {
  "wasm-products": "products",
  "wasm-exponentials": "exponentials",
  "fused-attention": "fused",
  "fused-geglu": "fused",
  "fused-group-norm": "fused",
  "winograd-convolutions": "fused",
  "small-convolutions": "fused",
  "fused-layer-norm": "fused",
  "fused-dense": "fused",
};

export function wantedParts(wanted: Optimisations): readonly Part[] {
  return PARTS.filter((part) => [...wanted].some((name) => NEEDS[name] === part));
}

export function fasterWasm(bytes: Uint8Array, wanted: Optimisations, target: Target): FasterWasm {
  const { bytes: changed, parts } = accelerate(bytes, { ...target, parts: wantedParts(wanted) });
  const has = (part: Part | undefined): boolean => part === undefined || parts.includes(part);
  const optimisations = new Set([...wanted].filter((name) => has(NEEDS[name])));
  return { binary: changed.buffer, optimisations };
}
