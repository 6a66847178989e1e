/** @file The open model, as files of other tools are measured against it. */
import type { ExchangeBase } from "../../core/exchange/exchange-base.ts";
import type { Exchanged } from "../../core/exchange/exchanged.ts";
import { packedQueryOut } from "../../core/surgery/expose-query-out.ts";
import { conceptLayout } from "./concept-layout.ts";
import type { Model } from "./read-model.ts";

/** @param faces with the face mode's weights, which are read from the model's files for this */
export async function exchangeBase(model: Model, faces: boolean): Promise<ExchangeBase> {
  const { id, fingerprint, kvWeights } = model;
  const queryOut = faces ? model.unetOf(1, true).queryOut : undefined;
  return {
    baseModel: { id, fingerprint },
    layout: conceptLayout(model, faces),
    kvWeights,
    queryOutWeights:
      queryOut === undefined ? undefined : await packedQueryOut(queryOut, model.reader("unet")),
  };
}

/** Whether files change the query projections too, as the face mode does. */
export function changesFaces(files: readonly Pick<Exchanged, "weights">[]): boolean {
  return files.some(({ weights }) => [...weights.keys()].some((name) => name.includes("to_q")));
}

/** The embedding [E] of a category's last token: what its word is reset to. */
export function rowOfCategory(
  { tokenizer, embeddings, config }: Model,
  category: string,
): Float32Array {
  const id = tokenizer.idsOf(category).at(-1) ?? 0;
  return embeddings.slice(id * config.textWidth, (id + 1) * config.textWidth);
}
