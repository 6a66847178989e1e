/** @file Concept files that come in and go out: what is inside before anything is stored, and the file to save. */
import { useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import type { ConceptSummary } from "../core/concept/concept-file.ts";
import { withThumbnails } from "../core/concept/concept-thumbnails.ts";
import type { EngineApi, ExportJob, ExportedFile } from "../rpc/contracts.ts";
import { type ConceptJob, useConceptJob } from "./concept-job.ts";
import { conceptsChanged, type ConceptRecord } from "./concepts.ts";
import { useEngine } from "./engine-context.ts";
import { type ForeignPart, groupParts } from "./foreign-files.ts";

export interface InspectedConcept {
  readonly kind: "concept";
  readonly key: string;
  readonly file: File;
  /** Out of the file's name. */
  readonly name: string;
  readonly summary: ConceptSummary;
  readonly thumbnails: readonly Blob[];
}

/** Files of another tool that are one concept together. */
export interface InspectedForeign {
  readonly kind: "foreign";
  readonly key: string;
  readonly parts: readonly ForeignPart[];
  readonly name: string;
}

export interface Inspection {
  readonly found: readonly (InspectedConcept | InspectedForeign)[];
  /** Errors that name a file and say what is wrong with it. */
  readonly refused: readonly { readonly key: string; readonly error: unknown }[];
}

/** Looks into files that were brought at once; in the engine, so that the page stays free whatever they are. */
export async function inspectFiles(
  engine: Pick<EngineApi, "inspectFile">,
  files: readonly File[],
): Promise<Inspection> {
  const concepts: InspectedConcept[] = [];
  const parts: ForeignPart[] = [];
  const refused: { key: string; error: unknown }[] = [];
  for (const file of files) {
    const key = crypto.randomUUID();
    try {
      const inside = await engine.inspectFile(file);
      if (inside.kind === "foreign") parts.push({ file, content: inside.content });
      else concepts.push({ key, file, name: nameOf(file.name), ...inside });
    } catch (error) {
      refused.push({ key, error });
    }
  }
  const foreign = groupParts(parts).map((group): InspectedForeign => ({
    kind: "foreign",
    key: crypto.randomUUID(),
    parts: group,
    name: nameOf(group[0]?.file.name ?? ""),
  }));
  return { found: [...concepts, ...foreign], refused };
}

function nameOf(fileName: string): string {
  const name = fileName.replace(/(\.concept)?\.(?:safetensors|bin|pt|pth|ckpt)$/iu, "").trim();
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

/** Writes a concept as other tools load it. */
export function useExport(): ConceptJob<Omit<ExportJob, "job">, ExportedFile> {
  return useConceptJob((engine, request, job, onProgress) =>
    engine.exportConcept({ ...request, job }, onProgress),
  );
}

/** A name without what file systems refuse. */
export function fileStem(name: string): string {
  const stem = name
    .normalize("NFC")
    .replace(/[\p{Cc}<>:"/\\|?*]+/gu, " ")
    .replace(/\s+/gu, " ")
    .trim()
    // Hidden files begin with a dot, and Windows takes no name that ends with one.
    .replace(/^[. ]+|[. ]+$/gu, "");
  return stem === "" ? "concept" : stem;
}
