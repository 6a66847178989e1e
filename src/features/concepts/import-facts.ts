/** @file What the card of a concept file says, and what is worth knowing before it is stored. */
import { compressedTo } from "../../core/concept/compress-concept.ts";
import type { ConceptSummary } from "../../core/concept/concept-file.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { ModelInfo } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import type { Fact } from "../../ui/fact-list.tsx";
import { formatBytes, formatCount } from "../../ui/format.ts";
import { TRAIN_MODE_LABELS } from "../training/train-mode-labels.ts";

/** Numbers of the metrics that the studio writes; a file may have any others. */
const METRICS: readonly (readonly [key: string, name: string, digits: number])[] = [
  ["steps", "Steps", 0],
  ["targetLoss", "Loss of the photos at the end", 4],
  ["regularisationLoss", "Loss of the regularisation images", 4],
];

export function importFacts({
  version,
  tokens,
  baseModel,
  train,
  bytes,
  parameters,
  metrics,
}: ConceptSummary): Fact[] {
  const words = tokens.map(({ token, category }) => `${token} ${category}`);
  return [
    { name: "Word and kind of thing", value: words.length === 0 ? "None" : words.join(", ") },
    { name: "Base model", value: baseModel.id },
    { name: "What was trained", value: TRAIN_MODE_LABELS[train].label },
    {
      name: "Size",
      value: `${formatBytes(bytes)}, ${formatCount(parameters)} ${version === 1 ? "weights changed" : "numbers"}`,
    },
    ...(version === 1 ? [] : [{ name: "Compressed", value: compressedPhrase(metrics) }]),
    ...METRICS.flatMap(([key, name, digits]) => {
      const value = metrics[key];
      return typeof value === "number" ? [{ name, value: value.toFixed(digits) }] : [];
    }),
  ];
}

/** "to 60 % of the singular values", as far as the file says. */
function compressedPhrase(metrics: ConceptSummary["metrics"]): string {
  const keep = compressedTo(metrics);
  return keep === null ? "yes" : `to ${Math.round(100 * keep)} % of the singular values`;
}

/** Sentences on how it fits what is here already. */
export function importRemarks(
  { tokens, baseModel }: Pick<ConceptSummary, "tokens" | "baseModel">,
  stored: readonly Pick<ConceptRecord, "name" | "tokens">[],
  model: Pick<ModelInfo, "fingerprint" | "name"> | null,
): string[] {
  const remarks: string[] = [];
  if (model !== null) {
    remarks.push(
      model.fingerprint === baseModel.fingerprint
        ? `It belongs to ${model.name}, the model that is open.`
        : `It belongs to another model than ${model.name}, which is open. It can be stored, and used once its own model is open.`,
    );
  }
  return [
    ...remarks,
    ...wordRemarks(
      tokens.map(({ token }) => token),
      stored,
    ),
  ];
}

/** Sentences on words that are in use here. */
export function wordRemarks(
  tokens: readonly string[],
  stored: readonly Pick<ConceptRecord, "name" | "tokens">[],
): string[] {
  return tokens.flatMap((token) => {
    const owner = stored.find((concept) =>
      concept.tokens.some((each) => tokenKey(each.token) === tokenKey(token)),
    );
    return owner === undefined
      ? []
      : [
          `“${owner.name}” has the word ${token} already. Both can be kept, but not used in one prompt.`,
        ];
  });
}
