/** @file Concept files that come in and go out: what is inside before anything is stored, and the file to save. */
import { useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import { type ConceptSummary, describeConcept } from "../core/concept/concept-file.ts";
import { readThumbnails, withThumbnails } from "../core/concept/concept-thumbnails.ts";
import { StudioError } from "../core/errors.ts";
import { conceptsChanged, type ConceptRecord } from "./concepts.ts";
import { useEngine } from "./engine-context.ts";

export interface InspectedConcept {
  readonly file: File;
  /** Out of the file's name. */
  readonly name: string;
  readonly summary: ConceptSummary;
  readonly thumbnails: readonly Blob[];
}

/** @throws StudioError that names the file and says what is wrong with it */
export async function inspectConceptFile(file: File): Promise<InspectedConcept> {
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const summary = describeConcept(bytes);
    const thumbnails = readThumbnails(bytes).map((png) => new Blob([png], { type: "image/png" }));
    return { file, name: nameOf(file.name), summary, thumbnails };
  } catch (cause) {
    const [code, reason] =
      cause instanceof StudioError
        ? [cause.code, cause.message]
        : (["invalid-input", "It cannot be read; it may have been moved or deleted."] as const);
    throw new StudioError(code, `“${file.name}”: ${reason}`, { cause });
  }
}

function nameOf(fileName: string): string {
  const name = fileName.replace(/(\.concept)?\.safetensors$/iu, "").trim();
  return name === "" ? "Concept" : name.slice(0, 100);
}

/** Stores an inspected file under its name; gives the concept's id. */
export function useImportConcept(): UseMutationResult<string, Error, InspectedConcept> {
  const engine = useEngine();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, name, thumbnails }) => engine.importConcept(file, name, thumbnails),
    onSettled: () => conceptsChanged(client),
  });
}

export interface ExportedConcept {
  readonly blob: Blob;
  readonly fileName: string;
}

/** @param pictures whether the small pictures of its card go along: they show the photos it learnt from */
export async function exportConcept(
  { name, file, thumbnails }: Pick<ConceptRecord, "name" | "file" | "thumbnails">,
  pictures: boolean,
): Promise<ExportedConcept> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const pngs = pictures
    ? await Promise.all(thumbnails.map(async (png) => new Uint8Array(await png.arrayBuffer())))
    : [];
  return {
    blob: new Blob([withThumbnails(bytes, pngs)], { type: "application/octet-stream" }),
    fileName: `${fileStem(name)}.concept.safetensors`,
  };
}

/** A name without what file systems refuse. */
function fileStem(name: string): string {
  const stem = name
    .normalize("NFC")
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, " ")
    .replace(/\s+/gu, " ")
    .trim()
    // Hidden files begin with a dot, and Windows takes no name that ends with one.
    .replace(/^[. ]+|[. ]+$/gu, "");
  return stem === "" ? "concept" : stem;
}
