/** @file The gradient's norm in two stages, and the verdict on the step that the update reads on the GPU. */
import { defineKernel, type Dispatch, dispatch, type Tolerance } from "../define-kernel.ts";
import { type Bounds, rowsOf } from "../grid.ts";
import { normVerdictSource, partialSumsSource } from "./kernel.wgsl.ts";
import type { Reduction } from "./sum.wgsl.ts";

const WORKGROUP = 256;
/** Elements that one workgroup sums: 16 an invocation. */
const CHUNK = 16 * WORKGROUP;

const tolerance: Tolerance = {
  rtol: 1e-6,
  atol: 0,
  why: "at most 30 roundings of 2^-24 on the way of every square of 20 million, halved by the root",
};

function defineNorm(reduction: Reduction) {
  const features = reduction === "subgroups" ? (["subgroups"] as const) : [];
  const partialSums = defineKernel({
    label: "gradient-norm partial sums",
    source: partialSumsSource(reduction),
    bindings: { gradient: ["read", "array<u32>"], partials: ["read_write", "array<Sum>"] },
    uniforms: { count: "u32", chunks: "u32", firstPartial: "u32" },
    constants: { WORKGROUP, CHUNK },
    features,
    tolerance,
  });
  const normVerdict = defineKernel({
    label: "gradient-norm verdict",
    source: normVerdictSource(reduction),
    bindings: {
      partials: ["read", "array<Sum>"],
      lossScale: ["read", "f32"],
      verdict: ["read_write", "Verdict"],
    },
    uniforms: { partials: "u32", limit: "f32" },
    constants: { WORKGROUP },
    features,
    tolerance,
  });
  return { partialSums, normVerdict };
}

const norms = { tree: defineNorm("tree"), subgroups: defineNorm("subgroups") };

export function gradientNormKernels(reduction: Reduction = "tree") {
  const { partialSums, normVerdict } = norms[reduction];
  return [partialSums, normVerdict] as const;
}

/** A part of the gradient: the first `length` elements of a buffer. */
export interface GradientPart {
  readonly gradient: GPUBuffer;
  readonly length: number;
}

/** 32-bit words that `partials` must hold. */
export function normPartialsLength(parts: readonly Pick<GradientPart, "length">[]): number {
  return 2 * parts.reduce((sum, { length }) => sum + chunksOf(length), 0);
}

export interface NormBuffers {
  readonly partials: GPUBuffer;
  /** The scale that the gradient carries is the first word. */
  readonly lossScale: GPUBuffer;
  readonly verdict: GPUBuffer;
}

/**
 * Judges a gradient that carries a loss scale.
 * @param limit norm that the unscaled gradient is cut down to; null leaves it
 */
export function gradientNorm(
  parts: readonly GradientPart[],
  { partials, lossScale, verdict }: NormBuffers,
  limit: number | null,
  bounds?: Bounds,
  reduction: Reduction = "tree",
): readonly Dispatch[] {
  const { partialSums, normVerdict } = norms[reduction];
  const dispatches: Dispatch[] = [];
  let firstPartial = 0;
  for (const { gradient, length } of parts) {
    const chunks = chunksOf(length);
    const uniforms = { count: length, chunks, firstPartial };
    const grid = rowsOf(chunks, bounds);
    dispatches.push(dispatch(partialSums, { gradient, partials }, uniforms, grid));
    firstPartial += chunks;
  }
  const uniforms = { partials: firstPartial, limit: limit ?? LARGEST };
  dispatches.push(dispatch(normVerdict, { partials, lossScale, verdict }, uniforms, [1, 1, 1]));
  return dispatches;
}

/** The verdict as it lies in its buffer. */
export interface Verdict {
  /** Norm of the unscaled gradient; without meaning where the step is skipped. */
  readonly norm: number;
  /** Factor on every element: clipping, and the loss scale taken back. */
  readonly multiplier: number;
  readonly skip: boolean;
  /** Elements that are infinite or NaN. */
  readonly nonFinite: number;
}

export const VERDICT_BYTES = 16;

export function readVerdict(bytes: ArrayBuffer): Verdict {
  const view = new DataView(bytes);
  return {
    norm: view.getFloat32(0, true),
    multiplier: view.getFloat32(4, true),
    skip: view.getUint32(8, true) !== 0,
    nonFinite: view.getUint32(12, true),
  };
}

/** The largest float32: no finite norm exceeds it. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

function chunksOf(length: number): number {
  return Math.ceil(length / CHUNK);
}
