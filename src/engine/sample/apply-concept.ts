/** @file A concept put on a model: changed K/V weights, rows of its tokens, and the face mode's projections. */
import { type Concept, withConcept, withDifference } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import { packedQueryOut } from "../../core/surgery/expose-query-out.ts";
import { joined } from "../../core/tensor/parts.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { createArithmetic } from "../train/arithmetic-for.ts";
import type { TrainingArithmetic } from "../train/arithmetic.ts";
import { ADAM } from "../../core/train/settings.ts";

export interface Applied {
  /** Knows the concept's modifier tokens. */
  readonly tokenizer: PromptTokenizer;
  /** Embeddings [n, E] of those tokens. */
  readonly rows: Float32Array;
  /** Gives K/V from the changed weights. */
  readonly projections: TrainingArithmetic;
  /** The flat query and output projections [N]; null where the concept leaves them alone. */
  readonly queryOut: Float32Array | null;
}

/**
 * @param strength factor on the weight differences
 * @throws StudioError "invalid-input" where the concept was made for another model
 */
export async function applyConcept(
  model: Model,
  runtime: Runtime,
  concept: Concept | null,
  strength: number,
): Promise<Applied> {
  if (concept !== null && concept.baseModel.fingerprint !== model.fingerprint) {
    throw new StudioError(
      "invalid-input",
      `The concept was made for the model "${concept.baseModel.id}" and does not fit "${model.id}"; open that model.`,
    );
  }
  const tokens = concept?.tokens ?? [];
  const difference = concept?.queryOutDifference ?? null;
  const queryOut = difference === null ? null : await queryOutWith(model, difference, strength);
  const projections = await createArithmetic(runtime, {
    groups: [],
    kvWeights:
      concept === null ? model.kvWeights : withConcept(model.kvWeights, concept, { strength }),
    textWidth: model.config.textWidth,
    columns: model.unet.kv.columns,
    tokens: CLIP_TOKENS,
    adam: ADAM,
    maxGradientNorm: null,
    lossScale: null,
  });
  return {
    tokenizer: new PromptTokenizer(
      model.tokenizer,
      model.vocabularySize,
      tokens.map(({ token }) => token),
    ),
    rows: joined(tokens.map(({ row }) => row)),
    projections,
    queryOut,
  };
}

async function queryOutWith(
  model: Model,
  difference: Float32Array,
  strength: number,
): Promise<Float32Array> {
  const { queryOut } = model.unetOf(1, true);
  if (queryOut === undefined)
    throw new StudioError("internal", "The face mode has no projections.");
  const frozen = await packedQueryOut(queryOut, model.reader("unet"));
  return withDifference(frozen, difference, strength);
}
