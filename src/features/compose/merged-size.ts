/** @file What the file of a merged concept will weigh, before it is made. */
import type { ModelInfo } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../state/concepts.ts";

/** Of the file's header: what a tensor takes with its name, shape and place, and the rest. */
const HEADER = { tensor: 130, rest: 420 } as const;

/**
 * Bytes: a merge changes every key and value of the model, kept in float16, and has two float32 rows [E] for each word.
 * Only the header's length depends on more, some hundred bytes of it.
 */
export function mergedFileBytes(
  model: Pick<ModelInfo, "kvParameters" | "crossAttentionBlocks" | "textWidth">,
  concepts: readonly Pick<ConceptRecord, "tokens">[],
): number {
  const rows = 2 * concepts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const tensors = 2 * model.crossAttentionBlocks + rows;
  return (
    2 * model.kvParameters + 4 * rows * model.textWidth + HEADER.tensor * tensors + HEADER.rest
  );
}
