/** @file What the regularisation captions of merges say of a model's text features: computed once a model. */
import { accumulateGram, emptyGram, type RegularisationGram } from "../../core/merge/gram.ts";
import { captionRange } from "../../core/merge/target-prompts.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { captionsDigest, decodeGram } from "./gram-file.ts";
import { eachTextRows, type TextRowsOptions } from "./text-rows.ts";

/** A model's own captions, one a line, beside its graphs; every other model gets captions in everyday English. */
const OWN_CAPTIONS = "captions.txt";
const OWN_GRAM = "captions.gram.safetensors";

/** @param everyday reads the captions for models that have none of their own */
export async function mergeCaptions(
  model: Pick<Model, "files">,
  everyday: () => Promise<string>,
): Promise<string[]> {
  const own = await model.files.read(OWN_CAPTIONS);
  const text = own === null ? await everyday() : new TextDecoder().decode(own);
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** What a model brings of its own captions; null where it brings nothing, or that of other captions. */
export async function broughtGram(
  { files, config }: Pick<Model, "files" | "config">,
  captions: readonly string[],
): Promise<RegularisationGram | null> {
  const bytes = await files.read(OWN_GRAM);
  if (bytes === null) return null;
  return decodeGram(bytes, config.textWidth, await captionsDigest(captions));
}

/** Cregᵀ Creg over the words and end marks of the captions. */
export async function regularisationGram(
  model: Model,
  runtime: Runtime,
  captions: readonly string[],
  options: Omit<TextRowsOptions, "rows"> = {},
): Promise<RegularisationGram> {
  let gram = emptyGram(model.config.textWidth);
  const parts = captions.map((caption) => {
    const encoded = model.tokenizer.encode(caption);
    return { ids: encoded.ids, range: captionRange(encoded) };
  });
  const take = (rows: Float32Array): void => {
    gram = accumulateGram(gram, rows);
  };
  await eachTextRows(model, runtime, parts, take, options);
  return gram;
}
