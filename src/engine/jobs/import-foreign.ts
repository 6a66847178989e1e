/** @file Files of other tools into a stored concept: as a difference to the model that is open. */
import type { Concept } from "../../core/concept/concept.ts";
import { conceptFromExchanged } from "../../core/exchange/from-exchanged.ts";
import { checkCategory } from "../../core/text/modifier-tokens.ts";
import type { ForeignImport } from "../../rpc/contracts.ts";
import { changesFaces, exchangeBase, rowOfCategory } from "../model/exchange-base.ts";
import { readForeign } from "./inspect-file.ts";
import type { OpenModel } from "./open-model.ts";
import { storeConcept } from "./store-concept.ts";

/**
 * @returns the concept's id
 * @throws StudioError "invalid-input" where a file is damaged or for another model, or a category is no word
 */
export async function importForeign(
  open: OpenModel,
  { files, categories, name }: ForeignImport,
): Promise<string> {
  for (const category of Object.values(categories)) checkCategory(open.model.tokenizer, category);
  const concept = await conceptOf(open, files, (token) => categories[token]);
  return storeConcept(open, concept, { name, source: "imported", runId: null, thumbnails: [] });
}

/** Whether the files would become a concept of the open model, once it is known what their words are. @throws as above */
export async function checkForeign(open: OpenModel, files: readonly File[]): Promise<void> {
  await conceptOf(open, files, () => "thing");
}

async function conceptOf(
  open: OpenModel,
  files: readonly File[],
  categoryOf: (token: string) => string | undefined,
): Promise<Concept> {
  const held = [];
  for (const file of files) held.push(await readForeign(open, file));
  const categories = new Map<string, string>();
  for (const token of held.flatMap(({ tokens }) => [...tokens.keys()])) {
    const category = categoryOf(token);
    if (category !== undefined) categories.set(token, category);
  }
  return conceptFromExchanged(held, await exchangeBase(open.model, changesFaces(held)), {
    categories,
    initialRow: (category) => rowOfCategory(open.model, category),
  });
}
