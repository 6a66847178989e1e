/**
 * @file The files of the Custom Diffusion extension for Automatic1111's web UI: differences under CompVis' names, whole
 * (`NAME`) or as factors (`NAME.US`, `NAME.Vh`), and a list of them in the metadata. Tokens are embeddings beside it.
 */
import type { SafetensorsEntry } from "../tensor/safetensors.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import type { Exchanged, ExchangedContent, ExchangedWeight } from "./exchanged.ts";
import { fromCompvisName, toCompvisName } from "./parameter-names.ts";
import { readFactors, readWhole, refuseOthers } from "./read-weights.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { jsonMembers, type SourceFile } from "./source-file.ts";
import { entryOf, refuseEmpty, required } from "./write-weights.ts";

const METADATA = "json";
const VERSION = "0.2.0";
const FACTORS = "delta_factors";
const WHOLE = "delta";

/** The list of entries, name → "delta" or "delta_factors"; null where the file has none, and so is another kind. */
export function webuiEntries({ metadata }: SourceFile): ReadonlyMap<string, unknown> | null {
  const entries = jsonMembers(metadata.get(METADATA) ?? "").get("entries");
  return isRecord(entries) ? new Map(Object.entries(entries)) : null;
}

/** @param layersPerBlock as unet/config.json says, for the names */
export function readWebui(
  { root, reader }: SourceFile,
  entries: ReadonlyMap<string, unknown>,
  layersPerBlock: number,
): Exchanged {
  const weights = new Map<string, ExchangedWeight>();
  const others: string[] = [];
  const left = new Set(root.keys());
  for (const [key, form] of entries) {
    const name = fromCompvisName(key, layersPerBlock);
    if (form !== WHOLE && form !== FACTORS) {
      throw refusal(
        `This file has an entry of the form ${typeof form === "string" ? quoted(form) : typeof form}, and the studio reads "${WHOLE}" and "${FACTORS}"; save it with version ${VERSION} of the extension.`,
      );
    }
    const parts = form === WHOLE ? [key] : [`${key}.US`, `${key}.Vh`];
    for (const part of parts) left.delete(part);
    const [first, second] = parts.map((part) => root.get(part));
    if (name === null) others.push(key);
    else if (weights.has(name)) throw damagedFile(`"${name}" is in it twice`);
    else if (form === WHOLE) weights.set(name, readWhole(reader, "difference", key, first));
    else weights.set(name, readFactors(reader, key, first, second));
  }
  refuseOthers([...others, ...[...left].map(String)]);
  return { format: "webui", weights, tokens: new Map() };
}

/**
 * Differences as "delta", factors as "delta_factors", in float16 as the extension writes them.
 * @throws StudioError "invalid-input" where there are no weights, they are whole, or no float16 can hold one
 */
export function writeWebui(
  { weights }: Pick<ExchangedContent, "weights">,
  layersPerBlock: number,
): Uint8Array<ArrayBuffer> {
  refuseEmpty(
    weights.size,
    "This concept has no weights, only tokens; export it as a textual inversion.",
  );
  const tensors = new Map<string, SafetensorsEntry>();
  const entries: [string, string][] = [];
  for (const [name, weight] of weights) {
    const key = toCompvisName(name, layersPerBlock) ?? name;
    if (weight.kind === "factors") {
      const { dims, up, down, rank } = weight;
      tensors.set(`${key}.US`, entryOf("float16", name, [dims[0], rank], up));
      tensors.set(`${key}.Vh`, entryOf("float16", name, [rank, dims[1]], down));
      entries.push([key, FACTORS]);
    } else {
      const { dims, values } = required(weight, "difference", name, "The web UI's file");
      tensors.set(key, entryOf("float16", name, dims, values));
      entries.push([key, WHOLE]);
    }
  }
  const about = { meta: { version: VERSION }, entries: Object.fromEntries(entries) };
  return writeSafetensors(tensors, new Map([[METADATA, JSON.stringify(about)]]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
