/** @file Concepts that were trained apart, merged into one concept that knows the words of all. */
import type { CancelSignal } from "../../core/cancel.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { RegularisationGram } from "../../core/merge/gram.ts";
import { mergeConstrained, type MergeReport } from "../../core/merge/merge.ts";
import { distinctTokens } from "../../core/merge/distinct-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { WeighedConcept } from "../sample/composition.ts";
import { mergeTargets } from "./merge-targets.ts";

export interface MergeOptions {
  /** Share of the work done, from 0 to 1. */
  readonly onProgress?: (done: number) => void | Promise<void>;
  readonly signal?: CancelSignal | undefined;
}

export interface MergedConcept {
  readonly concept: Concept;
  readonly report: MergeReport;
}

/**
 * Merges by the closed form (docs/math/merge.md). Where two concepts have one word, the later one gets another; the
 * result says which words became which.
 * @throws StudioError "invalid-input" where concepts are fewer than two, of another model, or of the face mode
 */
export async function mergeConcepts(
  model: Model,
  runtime: Runtime,
  concepts: readonly WeighedConcept[],
  gram: RegularisationGram,
  { onProgress, signal }: MergeOptions = {},
): Promise<MergedConcept> {
  checkConcepts(model, concepts);
  const renamed = distinctTokens(concepts.map(({ concept }) => concept.tokens));
  const tokens = renamed.flat();
  const asked = await mergeTargets(model, runtime, concepts, renamed, signal);
  const { difference, report } = await mergeConstrained(
    { base: model.kvWeights, ...asked, gram },
    {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return {
    concept: {
      baseModel: { id: model.id, fingerprint: model.fingerprint },
      train: "kv+token",
      tokens,
      kvDifference: difference,
      queryOutDifference: null,
      settings: {
        method: "merge",
        concepts: concepts.map(({ concept, strength }, i) => ({
          tokens: renamed[i]?.map(({ token }) => token) ?? [],
          category: concept.tokens.map(({ category }) => category).join(", "),
          strength,
        })),
      },
      metrics: {
        rows: report.rows,
        contextRows: report.contextRows,
        residual: report.residual,
        drift: report.drift,
        smallestSine: report.smallestSine,
      },
    },
    report,
  };
}

function checkConcepts(model: Model, concepts: readonly WeighedConcept[]): void {
  const refuse = (sentence: string): never => {
    throw new StudioError("invalid-input", sentence);
  };
  if (concepts.length < 2) refuse("Merging takes at least two concepts; choose another one.");
  for (const { concept, strength } of concepts) {
    const name = concept.tokens.map(({ token, category }) => `${token} ${category}`).join(", ");
    if (concept.baseModel.fingerprint !== model.fingerprint) {
      refuse(
        `The concept ${name} was made for the model "${concept.baseModel.id}" and cannot be merged on "${model.id}"; open that model.`,
      );
    }
    if (concept.queryOutDifference !== null) {
      refuse(
        `The concept ${name} was trained in the face mode, which changes more than keys and values and cannot be merged; train it again without.`,
      );
    }
    if (concept.tokens.length === 0) {
      refuse(`A concept without a new word cannot be merged, because no prompt tells it apart.`);
    }
    if (!Number.isFinite(strength)) {
      refuse(`The strength of a concept must be a finite number, not ${strength}.`);
    }
  }
}
