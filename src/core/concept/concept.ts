/** @file A trained concept: what Custom Diffusion changed in its base model, put in by addition and taken out without a trace. */
import { StudioError } from "../errors.ts";

/** A new word of the prompt, such as `<new1>`: one row of the text encoder's token embedding. */
export interface ModifierToken {
  readonly token: string;
  /** What kind of thing it names, as prompts say it: "bear". */
  readonly category: string;
  /** Trained embedding [E]. */
  readonly row: Float32Array;
  /** The embedding that training started from [E]. */
  readonly initialRow: Float32Array;
}

/** What was trained: K/V and the token rows, one of them, or every projection of cross-attention and the rows (face mode). */
export const TRAIN_MODES = ["kv+token", "kv", "token", "crossattn"] as const;
export type TrainMode = (typeof TRAIN_MODES)[number];

/** What a concept belongs to. */
export interface BaseModel {
  /** Its name, for people. */
  readonly id: string;
  /** Made of its weights: a difference means nothing to others. */
  readonly fingerprint: string;
}

/** W - W0 of one layer [C, E] as up · down. */
export interface LayerFactors {
  readonly rank: number;
  /** [C, rank] */
  readonly up: Float32Array;
  /** [rank, E] */
  readonly down: Float32Array;
}

export interface Concept {
  readonly baseModel: BaseModel;
  readonly train: TrainMode;
  readonly tokens: readonly ModifierToken[];
  /** Packed difference W - W0 [E, S], as kv-layout packs it; null where K/V was not trained ("token"). */
  readonly kvDifference: Float32Array | null;
  /**
   * The same as factors, a layer each in the order of `kvTensors`, where the concept was compressed: `kvDifference` is
   * their products, and files keep the factors.
   */
  readonly kvFactors?: readonly LayerFactors[];
  /** Difference of the flat query_out [N]; null in all modes but "crossattn". */
  readonly queryOutDifference: Float32Array | null;
  /** Settings of training as recorded (JSON values). */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Metrics of training as recorded (JSON values). */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/**
 * K/V weights with a concept, [E, S]: W0 + strength · ΔW; a strength of 0 gives W0 back bit for bit.
 * @throws StudioError "invalid-input" where the strength is not a number
 */
export function withConcept(
  baseKv: Float32Array,
  concept: Pick<Concept, "kvDifference">,
  { strength }: { readonly strength: number },
): Float32Array {
  return withDifference(baseKv, concept.kvDifference, strength);
}

/** `base` + strength · `difference`, rounded once; a copy of `base`, bit for bit, where that changes nothing. */
export function withDifference(
  base: Float32Array,
  difference: Float32Array | null,
  strength: number,
): Float32Array {
  if (!Number.isFinite(strength)) {
    throw new StudioError(
      "invalid-input",
      `The strength of a concept must be a finite number, not ${strength}.`,
    );
  }
  if (difference === null) return base.slice();
  if (difference.length !== base.length) {
    throw new StudioError(
      "internal",
      `A difference of ${difference.length} numbers was to be added to ${base.length} weights.`,
    );
  }
  return base.map((weight, i) => {
    const change = strength * difference[i]!;
    // Adding a zero would turn -0 into 0.
    return change === 0 ? weight : weight + change;
  });
}

/** The same concept with its difference as a whole, as files of version 1 keep it. */
export function withoutFactors(concept: Concept): Concept {
  const whole: Concept & { kvFactors?: unknown } = { ...concept };
  delete whole.kvFactors;
  return whole;
}

/**
 * The concept with its difference, its token rows, or both set back to what training started from. With both the
 * base model is as it was: the weights bit for bit, and each token its initial row.
 */
export function resetConcept(
  concept: Concept,
  reset: { readonly difference: boolean; readonly tokens: boolean },
): Concept {
  const { kvDifference, queryOutDifference, tokens } = concept;
  const zeroed = (difference: Float32Array | null): Float32Array | null =>
    difference === null || !reset.difference ? difference : new Float32Array(difference.length);
  return {
    ...(reset.difference ? withoutFactors(concept) : concept),
    tokens: reset.tokens
      ? tokens.map((token) => ({ ...token, row: token.initialRow.slice() }))
      : tokens,
    kvDifference: zeroed(kvDifference),
    queryOutDifference: zeroed(queryOutDifference),
  };
}
