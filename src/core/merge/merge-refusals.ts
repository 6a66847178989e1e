/** @file What cannot be merged, in sentences. */
import { StudioError } from "../errors.ts";
import type { RegularisationGram } from "./gram.ts";
import type { LeftOut, MergeTarget, TargetRow, TogetherContext } from "./target-rows.ts";

/** Below this a row follows from those before it but for rounding: what features are known to, a thousandfold. */
const SMALLEST_SINE = 1e-3;

/**
 * @returns the number of columns S
 * @throws StudioError "invalid-input" where sizes do not fit, or a number is not finite
 */
export function checkMerge(
  base: Float32Array,
  targets: readonly MergeTarget[],
  together: readonly TogetherContext[],
  { width }: RegularisationGram,
): number {
  if (targets.length === 0) throw refusal("There is no concept to merge; choose at least one.");
  for (const { name, features, labels, context, difference } of targets) {
    const fits = features.length === labels.length * width && context.length % width === 0;
    if (difference.length !== base.length || !fits) {
      throw refusal(
        `The concept ${name} does not fit the base model in size; merge only concepts of the base model that is loaded.`,
      );
    }
    if (labels.length === 0) {
      throw refusal(`The concept ${name} has no target prompt; give it one that names it.`);
    }
    if (![features, context, difference].every((numbers) => numbers.every(Number.isFinite))) {
      throw refusal(
        `The concept ${name} holds numbers that are not finite; train it again, with a lower learning rate.`,
      );
    }
  }
  for (const { rows, of } of together) {
    const names = of.map((n) => targets[n]?.name ?? "one that is not there").join(" and ");
    if (of.some((n) => targets[n] === undefined) || rows.length % width !== 0) {
      throw refusal(
        `Prompts that name ${names} do not fit the concepts; merge only concepts of the base model that is loaded.`,
      );
    }
    if (!rows.every(Number.isFinite)) {
      throw refusal(
        `Prompts that name ${names} give numbers that are not finite; train one of them again, with a lower learning rate.`,
      );
    }
  }
  return base.length / width;
}

/** @throws StudioError "invalid-input" where nothing that a concept wants is its own */
export function refuseSharedConcepts(
  targets: readonly MergeTarget[],
  kept: readonly TargetRow[],
  shared: readonly LeftOut[],
): void {
  targets.forEach(({ name, labels }, concept) => {
    if (kept.some((row) => row.concept === concept)) return;
    const other = shared.find(({ label }) => labels.includes(label))?.because ?? "another concept";
    throw refusal(
      `The model cannot tell ${name} from ${other}, so that no weights can do both; merge concepts whose words or categories differ, or train one again from another word.`,
    );
  });
}

/** @throws StudioError "invalid-input" where rows demand values that follow from others' */
export function refuseDependentRows(kept: readonly TargetRow[], sines: Float64Array): void {
  const row = sines.findIndex((sine) => !(sine >= SMALLEST_SINE));
  if (row === -1) return;
  throw refusal(
    `There are more target prompts than the model can tell apart: the features of ${kept[row]!.label} follow from those of the rows before it; merge fewer concepts, or with fewer prompts.`,
  );
}

function refusal(sentence: string): StudioError {
  return new StudioError("invalid-input", sentence);
}
