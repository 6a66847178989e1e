/** @file Reads a file of another tool, whichever: what it is follows from what is in it, not from its name. */
import { looksLikeTensors } from "../concept/foreign-file.ts";
import type { Exchanged } from "./exchanged.ts";
import { readCompvis } from "./format-compvis.ts";
import { readDelta } from "./format-delta.ts";
import { readDiffusers } from "./format-diffusers.ts";
import { isEmbedding, readEmbedding } from "./format-embedding.ts";
import { readLora } from "./format-lora.ts";
import { readWebui, webuiEntries } from "./format-webui.ts";
import { isLoraName } from "./lora-names.ts";
import { isDict, kindOf } from "./pickle-values.ts";
import { refusal } from "./refuse.ts";
import { openSource, type SourceFile } from "./source-file.ts";

/** Of Stable Diffusion 1.x and 2.x, and of the studio's default model. */
const LAYERS_PER_BLOCK = 2;

/**
 * Needs memory of at most four times the file, and runs nothing of it.
 * @param fileName for the token of an embedding that has none
 * @param layersPerBlock of the model that it is for, as unet/config.json says: CompVis' names depend on it
 * @throws StudioError "invalid-input" where the file is damaged, asks for something to be run, changes more than a
 *   concept can, or is of another kind, which is named
 */
export function readExchange(
  bytes: Uint8Array,
  fileName: string,
  layersPerBlock = LAYERS_PER_BLOCK,
): Exchanged {
  const file = openSource(bytes, fileName);
  const { root, metadata } = file;
  if (metadata.get("format")?.startsWith("custom-diffusion-studio.")) {
    throw refusal("This is a file of the studio itself; open it as a concept, not as an import.");
  }
  const entries = webuiEntries(file);
  if (entries !== null) return readWebui(file, entries, layersPerBlock);
  if (isDict(root.get("unet")) || isDict(root.get("modifier_token"))) return readDelta(file);
  const names = [...root.keys()].map(String);
  if (names.some((name) => name.includes("_custom_diffusion."))) return readDiffusers(file);
  if (names.some(isLoraName)) return readLora(file);
  const state = root.get("state_dict");
  if (isDict(state)) {
    if ([...state.keys()].some((name) => /^(?:first|cond)_stage_model\./.test(String(name)))) {
      throw unknown("a whole Stable Diffusion checkpoint");
    }
    return readCompvis(file, layersPerBlock);
  }
  if (isEmbedding(file)) return readEmbedding(file);
  throw unknown(looksLike(file));
}

function looksLike({ root, metadata }: SourceFile): string {
  const tensors = new Map([...root.keys()].map((key) => [String(key), null] as const));
  const kind = looksLikeTensors({ metadata, tensors });
  if (kind !== null) return kind;
  const [first] = root.values();
  return first === undefined
    ? "an empty file"
    : `a file of other things, the first ${kindOf(first)}`;
}

function unknown(kind: string) {
  return refusal(
    `This file cannot be imported: it looks like ${kind}; choose the weights of a Custom Diffusion (diffusers, CompVis or web UI), a LoRA of cross-attention, or an embedding.`,
  );
}
