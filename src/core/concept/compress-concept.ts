/** @file A concept made smaller: its difference as factors, by share of the singular values. */
import { compressDifferences, type CompressOptions } from "../compress/compress.ts";
import { StudioError } from "../errors.ts";
import { narrowToHalf, widenHalf } from "../tensor/half.ts";
import type { Concept, LayerFactors } from "./concept.ts";
import { productOf } from "./factors.ts";
import { type ConceptLayout, gatherTensor, kvTensors } from "./layer-tensors.ts";

export interface CompressedConcept {
  readonly concept: Concept;
  /** ‖up · down - (W - W0)‖ / ‖W - W0‖ over all layers. */
  readonly error: number;
  /** Numbers in the factors, and in the difference. */
  readonly numbers: number;
  readonly numbersBefore: number;
  /** Of each layer. */
  readonly ranks: readonly number[];
}

/**
 * Factors are rounded to float16, as files keep them, so that what is painted with is what is saved.
 * @throws StudioError "invalid-input" where the concept has no difference of keys and values alone
 */
export async function compressConcept(
  concept: Concept,
  layout: ConceptLayout,
  options: CompressOptions = {},
): Promise<CompressedConcept> {
  const { kvDifference, queryOutDifference } = concept;
  if (kvDifference === null || queryOutDifference !== null) {
    throw new StudioError(
      "invalid-input",
      kvDifference === null
        ? "This concept changes no weights, only its word; there is nothing to compress."
        : "A concept of the face mode changes more than keys and values and cannot be compressed.",
    );
  }
  const tensors = kvTensors(layout);
  const differences = tensors.map((tensor) => {
    const [outputs, inputs = 0] = tensor.dims;
    const values = gatherTensor(kvDifference, tensor);
    return { name: tensor.name, dims: [outputs, inputs] as const, values };
  });
  const { layers, numbers, numbersBefore, error } = await compressDifferences(differences, options);
  const kvFactors = layers.map(({ rank, up, down }): LayerFactors => ({
    rank,
    up: rounded(up),
    down: rounded(down),
  }));
  return {
    concept: {
      ...concept,
      kvFactors,
      kvDifference: productOf(kvFactors, { kv: tensors, kvLength: kvDifference.length }),
    },
    error,
    numbers,
    numbersBefore,
    ranks: kvFactors.map(({ rank }) => rank),
  };
}

function rounded(values: Float32Array): Float32Array {
  return widenHalf(narrowToHalf(values));
}
