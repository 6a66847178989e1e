/** @file What a merge asks for: features of the prompts that name each concept, and the weights that they are to see. */
import type { CancelSignal } from "../../core/cancel.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { contextPrompts, contextRange, togetherPrompts } from "../../core/merge/context-prompts.ts";
import type { MergeInput } from "../../core/merge/merge.ts";
import { targetPrompts, targetRange } from "../../core/merge/target-prompts.ts";
import { joined } from "../../core/tensor/parts.ts";
import { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { WeighedConcept } from "../sample/composition.ts";
import { type CaptionPart, eachTextRows } from "./text-rows.ts";

/**
 * One target a word: a concept that was trained jointly, or merged before, is held to each of its words.
 * @param renamed the words of each concept as the merged one will have them
 */
export async function mergeTargets(
  model: Model,
  runtime: Runtime,
  concepts: readonly WeighedConcept[],
  renamed: readonly Concept["tokens"][],
  signal?: CancelSignal,
): Promise<Pick<MergeInput, "targets" | "together">> {
  const all = renamed.flat();
  const tokenizer = new PromptTokenizer(
    model.tokenizer,
    model.vocabularySize,
    all.map(({ token }) => token),
  );
  const words = concepts.flatMap(({ concept: { kvDifference }, strength }, n) => {
    const whole = kvDifference ?? new Float32Array(model.kvWeights.length);
    const difference = whole.map((x) => strength * x);
    return (renamed[n] ?? []).map(({ token, category }) => ({
      concept: n,
      token,
      category,
      difference,
    }));
  });
  const asked = words.map((word, index) => {
    const modifier = model.vocabularySize + index;
    const part = (prompt: string, rangeOf: typeof targetRange) => {
      const encoded = tokenizer.encode(prompt);
      return { prompt, ids: encoded.ids, range: rangeOf(encoded, modifier) };
    };
    return {
      ...word,
      targets: targetPrompts(word.token, word.category).map((it) => part(it, targetRange)),
      contexts: contextPrompts(word.token, word.category).map((it) => part(it, contextRange)),
    };
  });
  const pairs = words.flatMap((first, i) =>
    words.flatMap((second, j) => {
      if (i === j) return [];
      const last = model.vocabularySize + j;
      const parts = togetherPrompts(first, second).map((prompt) => {
        const encoded = tokenizer.encode(prompt);
        return { prompt, ids: encoded.ids, range: contextRange(encoded, last) };
      });
      // Words of one concept share its difference.
      return [{ of: first.concept === second.concept ? [i] : [i, j], parts }];
    }),
  );
  const parts = [
    ...asked.flatMap(({ targets, contexts }) => [...targets, ...contexts]),
    ...pairs.flatMap((pair) => pair.parts),
  ];
  const features = new Map<CaptionPart, Float32Array>();
  const take = (rows: Float32Array, index: number): void => {
    const part = parts[index];
    if (part !== undefined) features.set(part, rows);
  };
  const rows = joined(all.map(({ row }) => row));
  await eachTextRows(model, runtime, parts, take, { rows, signal });
  const together = pairs.map(({ of, parts: own }) => ({ of, rows: rowsOf(own, features) }));
  const targets = asked.map(({ token, category, targets: own, contexts, difference }) => ({
    name: `${token} ${category}`,
    features: rowsOf(own, features),
    labels: own.flatMap(({ range: { start, end }, prompt }) =>
      Array.from({ length: end - start }, (_, k) => `token ${start + k} of "${prompt}"`),
    ),
    context: rowsOf(contexts, features),
    difference,
  }));
  return { targets, together };
}

/** The rows of all parts in one array, which is refused further on if one is missing. */
function rowsOf(
  parts: readonly CaptionPart[],
  features: ReadonlyMap<CaptionPart, Float32Array>,
): Float32Array {
  const found = parts.map((part) => features.get(part) ?? new Float32Array());
  const rows = new Float32Array(found.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const own of found) {
    rows.set(own, at);
    at += own.length;
  }
  return rows;
}
