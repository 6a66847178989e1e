/** @file What a file that a person brings holds, found out from its bytes alone: a concept, or something of another tool. */
import { describeConcept } from "../../core/concept/concept-file.ts";
import { readThumbnails } from "../../core/concept/concept-thumbnails.ts";
import { StudioError } from "../../core/errors.ts";
import { readExchange } from "../../core/exchange/detect.ts";
import type { Exchanged } from "../../core/exchange/exchanged.ts";
import { readSafetensors } from "../../core/tensor/safetensors.ts";
import type { ForeignContent, InspectedFile } from "../../rpc/contracts.ts";
import type { OpenModel } from "./open-model.ts";

/** Above all cross-attention of Stable Diffusion 2 in float32, face mode and all (180 MB), and below a whole model. */
const MOST_BYTES = 256e6;

/** @throws StudioError that names the file and says what is wrong with it */
export function inspectFile(open: OpenModel | null, file: File): Promise<InspectedFile> {
  return aboutFile(file, async () => {
    const bytes = await bytesOf(file);
    if (isOfStudio(bytes)) {
      const summary = describeConcept(bytes);
      const thumbnails = readThumbnails(bytes).map((png) => new Blob([png], { type: "image/png" }));
      return { kind: "concept", summary, thumbnails };
    }
    return { kind: "foreign", content: contentOf(exchangedOf(open, file, bytes)) };
  });
}

/** @throws StudioError that names the file and says what is wrong with it */
export function readForeign(open: OpenModel, file: File): Promise<Exchanged> {
  return aboutFile(file, async () => exchangedOf(open, file, await bytesOf(file)));
}

function exchangedOf(open: OpenModel | null, { name }: File, bytes: Uint8Array): Exchanged {
  return readExchange(bytes, name, open?.model.config.topology.layersPerBlock);
}

function contentOf({ format, weights, tokens }: Exchanged): ForeignContent {
  const [first] = weights.values();
  const keys = [...weights].find(([name]) => /\.to_[kv]\.weight$/.test(name))?.[1];
  const [row] = tokens.values();
  return {
    format,
    tokens: [...tokens.keys()],
    layers: weights.size,
    kind: first?.kind ?? null,
    textWidth: keys?.dims[1] ?? row?.length ?? null,
  };
}

/** Whole or not: a file of the studio is told by what its header says. */
function isOfStudio(bytes: Uint8Array): boolean {
  try {
    const format = readSafetensors(bytes).metadata.get("format");
    return format?.startsWith("custom-diffusion-studio.") === true;
  } catch {
    return false;
  }
}

async function bytesOf(file: File): Promise<Uint8Array> {
  if (file.size > MOST_BYTES) {
    throw new StudioError(
      "invalid-input",
      "It is larger than 256 MB, as whole models are; choose a file that holds the changes alone.",
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function aboutFile<T>({ name }: File, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const [code, reason] =
      cause instanceof StudioError
        ? [cause.code, cause.message]
        : (["invalid-input", "It cannot be read; it may have been moved or deleted."] as const);
    throw new StudioError(code, `“${name}”: ${reason}`, { cause });
  }
}
