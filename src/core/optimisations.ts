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
  "fused-layer-norm": "LayerNorm and its gradient, a row at a time (wasm)",
  "fused-dense":
    "products with constant weights, their bias and what is added to them, in one pass (wasm)",
  "short-text-gradients":
    "the text encoder's gradient begins with what its forward pass kept, and only captions with a modifier token have one (wasm)",
  "strassen-products":
    "those products with seven multiplications of half the size in place of eight (wasm)",
  "gpu-graph-capture": "a graph's launches recorded at its first run and replayed after (WebGPU)",
  "gpu-lazy-loss":
    "training steps stay on the GPU, and several come back in one read-back (WebGPU)",
  "gpu-tuned-kernels": "tiles of our matrix products chosen by measurement on the device (WebGPU)",
  "gpu-validation-off":
    "onnxruntime asks for the GPU's errors at no run; we listen for them (WebGPU)",
} as const;

export type Optimisation = keyof typeof OPTIMISATIONS;
/** Those in use. */
export type Optimisations = ReadonlySet<Optimisation>;

export const EVERY_OPTIMISATION: Optimisations = new Set(
  Object.keys(OPTIMISATIONS) as Optimisation[],
);

/** Optimisations that find nothing to do where another is in use: each is compared without that one on both sides. */
export const BEHIND: Readonly<Partial<Record<Optimisation, Optimisation>>> = {
  "chunked-attention": "fused-attention",
  "wasm-exponentials": "fused-attention",
};

/**
 * All but the named ones.
 * @param names separated by commas; "all" leaves none
 * @throws StudioError "invalid-input" where a name is none of them
 */
export function optimisationsWithout(names: string): Optimisations {
  const left = new Set(EVERY_OPTIMISATION);
  for (const name of names.split(",").map((part) => part.trim())) {
    if (name === "") continue;
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

export function isOptimisation(name: string): name is Optimisation {
  return Object.hasOwn(OPTIMISATIONS, name);
}
