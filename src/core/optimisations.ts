/**
 * @file Every optimisation by name, so that each can be switched off, measured and compared. Results may differ by
 * rounding; a test a name holds them together.
 */
import { StudioError } from "./errors.ts";

/** Name, and what it does in a few words. */
export const OPTIMISATIONS = {
  "simplified-graphs":
    "work that changes nothing, moves that cancel and repeated expressions removed",
  "short-gradients": "SiLU, GELU and GroupNorm differentiated as one",
  "chunked-attention":
    "attention differentiated a few heads at a time, its probabilities computed again (wasm)",
  "wasm-products": "matrix products in code of our own (wasm)",
  "wasm-exponentials": "softmax's exponentials in code of our own (wasm)",
  "fused-attention":
    "attention and its gradient in a function of our own that keeps no scores (wasm)",
  "fused-geglu": "gated GELU and its gradient in one pass of our own (wasm)",
  "fused-quick-gelu": "CLIP's GELU and its gradient in one pass of our own (wasm)",
  "fused-group-norm": "GroupNorm with SiLU, and its gradient, a group at a time (wasm)",
  "small-convolutions":
    "3 x 3 convolutions of images of few pixels, all images at once, in a function of our own (wasm)",
  "winograd-convolutions":
    "3 x 3 convolutions with a quarter of the multiplications, in a function of our own (wasm)",
  "pointwise-convolutions":
    "1 x 1 convolutions, and the transposes around them, in a function of our own (wasm)",
  "fused-layer-norm": "LayerNorm and its gradient, a row at a time (wasm)",
  "fused-dense":
    "products with constant weights, their bias and what is added to them, in one pass (wasm)",
  "joined-steps":
    "a step's captions, keys and values, and all gradients in one graph, which hands nothing out in between (wasm)",
  "short-text-gradients":
    "the text encoder's gradient begins with what its forward pass kept, and only captions with a modifier token have one (wasm)",
  "wide-vectors":
    "two vectors computed as one of twice the size: in Node 24 and newer, and in Chrome started with --js-flags=--wasm-revectorize, without which it is slower (wasm)",
  "gpu-graph-capture": "a graph's launches recorded at its first run and replayed after (WebGPU)",
  "gpu-lazy-loss":
    "training steps stay on the GPU, and several come back in one read-back (WebGPU)",
  "gpu-tuned-kernels":
    "tiles and vectors of our matrix products, and subgroups, chosen by measurement on the device (WebGPU)",
  "gpu-validation-off":
    "onnxruntime asks for the GPU's errors at no run; we listen for them (WebGPU)",
} as const;

/** What gives precision away, and is in use only where somebody asks for it by name. */
const ON_REQUEST = {
  "gpu-half-products":
    "keys, values and their gradients from operands rounded to float16, where that is measured to be faster (WebGPU)",
} as const;

export type Optimisation = keyof typeof OPTIMISATIONS;
type OnRequest = keyof typeof ON_REQUEST;
export type OptimisationInUse = Optimisation | OnRequest;
export type Optimisations = ReadonlySet<OptimisationInUse>;

export const EVERY_OPTIMISATION: ReadonlySet<Optimisation> = new Set(
  Object.keys(OPTIMISATIONS) as Optimisation[],
);

/** What needs a flag that a browser was started with, and is off there until somebody switches it on. */
export const FLAGGED: ReadonlySet<Optimisation> = new Set(["wide-vectors"]);

/** What browsers have of themselves. */
export const IN_BROWSERS: ReadonlySet<Optimisation> = new Set(
  [...EVERY_OPTIMISATION].filter((name) => !FLAGGED.has(name)),
);

/** Optimisations that find nothing to do where another is in use: each is compared without that one on both sides. */
export const BEHIND: Readonly<Partial<Record<Optimisation, Optimisation>>> = {
  "chunked-attention": "fused-attention",
  "wasm-exponentials": "fused-attention",
  "short-text-gradients": "joined-steps",
};

/**
 * All but the named ones.
 * @param names separated by commas; "all" leaves none
 * @throws StudioError "invalid-input" where a name is none of them
 */
export function optimisationsWithout(names: string): Optimisations {
  const left = new Set(EVERY_OPTIMISATION);
  for (const name of listed(names)) {
    if (name === "all") left.clear();
    else if (isOptimisation(name)) left.delete(name);
    else {
      const known = Object.keys(OPTIMISATIONS).join(", ");
      throw new StudioError(
        "invalid-input",
        `There is no optimisation "${name}" to switch off; there are ${known}, and "all" for every one of them.`,
      );
    }
  }
  return left;
}

/**
 * With those that are only in use on request.
 * @param names separated by commas
 * @throws StudioError "invalid-input" where a name is none of them
 */
export function withRequested(optimisations: Optimisations, names: string): Optimisations {
  const all = new Set(optimisations);
  for (const name of listed(names)) {
    if (!isOnRequest(name)) {
      const known = Object.keys(ON_REQUEST).join(", ");
      throw new StudioError(
        "invalid-input",
        `There is no optimisation "${name}" to ask for; there is ${known}.`,
      );
    }
    all.add(name);
  }
  return all;
}

function listed(names: string): readonly string[] {
  return names
    .split(",")
    .map((part) => part.trim())
    .filter((name) => name !== "");
}

export function isOptimisation(name: string): name is Optimisation {
  return Object.hasOwn(OPTIMISATIONS, name);
}

function isOnRequest(name: string): name is OnRequest {
  return Object.hasOwn(ON_REQUEST, name);
}
