/** @file An onnxruntime-web build that is loaded and configured: what sessions are made with. */
import type * as Ort from "onnxruntime-web";
import type { BackendName } from "../../rpc/contracts.ts";
import type { TrainingGraphOptions } from "../../core/surgery/training-graph.ts";
import type { Optimisation, Optimisations } from "../../core/optimisations.ts";
import type { SmallLimits, WinogradLimits } from "../../core/passes/fuse-convolution.ts";
import type { NormLimits } from "../../core/passes/fuse-group-norm.ts";
import type { PointwiseLimits } from "../../core/passes/fuse-pointwise.ts";
import type { PackedLimits } from "../../core/passes/pack-attention.ts";
import type { Fused } from "../../core/passes/fuse.ts";
import type { Precision } from "../../core/precision.ts";
import { mostChannelsDirectly } from "../../core/wasm/convolution/direct.ts";
import { mostChannelsPointwise } from "../../core/wasm/convolution/pointwise.ts";
import { mostChannels } from "../../core/wasm/convolution/tiled.ts";
import { SCRATCH_FLOATS } from "../../core/wasm/fused.ts";
import { MOST_HEADS, MOST_POSITIONS } from "../../core/wasm/fused-call.ts";
import { Timings } from "../timings.ts";
import { GpuErrors } from "./gpu-errors.ts";
import { Serial } from "./serial.ts";

export interface Runtime {
  readonly backend: BackendName;
  readonly ort: typeof Ort;
  /** The device that sessions and our kernels share; null on wasm. */
  readonly device: GPUDevice | null;
  /** What that device objects to outside of error scopes. */
  readonly gpuErrors: GpuErrors | null;
  readonly threads: number;
  /** Those in use; graphs are made and rewritten accordingly. */
  readonly optimisations: Optimisations;
  /**
   * Attention with more bytes of scores than this is computed a few heads at a time; never where undefined. On wasm
   * that keeps scores in a processor's cache; on a GPU it would only add dispatches.
   */
  readonly attentionBytes: number | undefined;
  /** Parts in which a training graph computes its forward pass again for the backward pass; 1 keeps it all. */
  readonly segments: number;
  /** Operators of the studio's own that it has. */
  readonly fused: Fused;
  /** What UNet, VAE and training graph are computed in; `inPrecision` gives the same runtime with another. */
  readonly precision: Precision;
  /** onnxruntime-web creates and runs one session at a time; everything that calls into it waits here. */
  readonly serial: Serial;
  readonly timings: Timings;
}

/** A fourth of a usual last-level cache: what goes into a chunk and comes out of it has to fit beside its scores. */
const ATTENTION_BYTES = 8 * 2 ** 20;

export function runtime(
  ort: typeof Ort,
  settings: {
    readonly backend: BackendName;
    readonly device: GPUDevice | null;
    readonly threads: number;
    readonly optimisations: Optimisations;
  },
): Runtime {
  ort.env.wasm.numThreads = settings.threads;
  // Warnings about nodes left on the CPU are handled as errors by the session options instead.
  ort.env.logLevel = "error";
  const chunks = settings.backend === "wasm" && settings.optimisations.has("chunked-attention");
  const attentionBytes = chunks ? ATTENTION_BYTES : undefined;
  const fuses = (name: Optimisation): boolean =>
    settings.backend === "wasm" && settings.optimisations.has(name);
  const fused = {
    attention: fuses("fused-attention") ? ATTENTION_LIMITS : undefined,
    gatedGelu: fuses("fused-geglu"),
    quickGelu: fuses("fused-quick-gelu"),
    groupNorm: fuses("fused-group-norm") ? NORM_LIMITS : undefined,
    convolution: {
      winograd: fuses("winograd-convolutions") ? WINOGRAD_LIMITS : undefined,
      small: fuses("small-convolutions") ? SMALL_LIMITS : undefined,
    },
    pointwise: fuses("pointwise-convolutions") ? POINTWISE_LIMITS : undefined,
    layerNorm: fuses("fused-layer-norm"),
    dense: fuses("fused-dense"),
  };
  const gpuErrors = settings.device === null ? null : new GpuErrors(settings.device);
  const timings = new Timings(settings.device);
  const made = { ort, serial: new Serial(), attentionBytes, fused, gpuErrors, timings };
  return { ...made, precision: "float32", segments: 1, ...settings };
}

const NORM_LIMITS: NormLimits = { groups: MOST_HEADS };

const WINOGRAD_LIMITS: WinogradLimits = {
  channels: mostChannels(SCRATCH_FLOATS),
  width: MOST_POSITIONS,
  bytes: 2 ** 28,
};

/** Below 16 x 16 pixels onnxruntime's convolution reads all weights for a few columns at a time. */
const SMALL_LIMITS: SmallLimits = {
  channels: mostChannelsDirectly(SCRATCH_FLOATS),
  pixels: 255,
};

const POINTWISE_LIMITS: PointwiseLimits = { channels: mostChannelsPointwise(SCRATCH_FLOATS) };

const ATTENTION_LIMITS: PackedLimits = {
  heads: MOST_HEADS,
  positions: MOST_POSITIONS,
  scratch: SCRATCH_FLOATS,
};

/** How training graphs are made for it. */
export function trainingGraphOptions({
  attentionBytes,
  fused,
  optimisations,
  precision,
  segments,
}: Pick<
  Runtime,
  "attentionBytes" | "fused" | "optimisations" | "precision" | "segments"
>): TrainingGraphOptions {
  return {
    attentionBytes,
    fused,
    precision,
    segments,
    simplify: optimisations.has("simplified-graphs"),
    composites: optimisations.has("short-gradients"),
  };
}
