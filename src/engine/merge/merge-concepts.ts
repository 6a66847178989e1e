/** @file Concepts that were trained apart, merged into one concept that knows the words of all. */
import type { CancelSignal } from "../../core/cancel.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { RegularisationGram } from "../../core/merge/gram.ts";
import { mergeConstrained, type MergeReport } from "../../core/merge/merge.ts";
import { targetPrompts, targetRange } from "../../core/merge/target-prompts.ts";
import type { MergeTarget } from "../../core/merge/target-rows.ts";
import { distinctTokens } from "../../core/merge/distinct-tokens.ts";
import { joined } from "../../core/tensor/parts.ts";
import { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { WeighedConcept } from "../sample/composition.ts";
import { eachTextRows } from "./text-rows.ts";

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
  const targets = await targetsOf(model, runtime, concepts, renamed);
  const { difference, report } = await mergeConstrained(
    { base: model.kvWeights, targets, gram },
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
        residual: report.residual,
        drift: report.drift,
        smallestSine: report.smallestSine,
      },
    },
    report,
  };
}

/** One target a word: a concept that was trained jointly, or merged before, is held to each of its words. */
async function targetsOf(
  model: Model,
  runtime: Runtime,
  concepts: readonly WeighedConcept[],
  renamed: readonly Concept["tokens"][],
): Promise<MergeTarget[]> {
  const all = renamed.flat();
  const tokenizer = new PromptTokenizer(
    model.tokenizer,
    model.vocabularySize,
    all.map(({ token }) => token),
  );
  const targets: MergeTarget[] = [];
  let word = 0;
  for (const [n, { concept, strength }] of concepts.entries()) {
    const difference = (concept.kvDifference ?? new Float32Array(model.kvWeights.length)).map(
      (x) => strength * x,
    );
    for (const { token, category } of renamed[n] ?? []) {
      const modifier = model.vocabularySize + word++;
      const prompts = targetPrompts(token, category);
      const encoded = prompts.map((prompt) => tokenizer.encode(prompt));
      const parts = encoded.map((own) => ({ ids: own.ids, range: targetRange(own, modifier) }));
      const rows: Float32Array[] = [];
      await eachTextRows(model, runtime, parts, (own) => rows.push(own), {
        rows: joined(all.map(({ row }) => row)),
      });
      const labels = parts.flatMap(({ range }, i) =>
        Array.from(
          { length: range.end - range.start },
          (_, k) => `token ${range.start + k} of "${prompts[i] ?? ""}"`,
        ),
      );
      const features = new Float32Array(labels.length * model.config.textWidth);
      let at = 0;
      for (const own of rows) {
        features.set(own, at);
        at += own.length;
      }
      targets.push({ name: `${token} ${category}`, features, labels, difference });
    }
  }
  return targets;
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
