/** @file Concepts into the store: what a run has learnt, and files that people bring. */
import { describeConcept, encodeConcept } from "../../core/concept/concept-file.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { toPixels } from "../../core/image/convert.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { encodePng } from "../../core/image/png.ts";
import { resize } from "../../core/image/resize.ts";
import { type ConceptRecord, concepts } from "../../storage/concepts.ts";
import type { RunRecord } from "../../storage/runs.ts";
import { conceptLayout } from "../model/concept-layout.ts";
import type { OpenModel } from "./open-model.ts";

const THUMBNAIL_SIZE = 128;
const THUMBNAILS = 4;

/**
 * @param photos of each of the run's subjects
 * @returns the concept's id
 */
export async function storeTrained(
  open: OpenModel,
  concept: Concept,
  { id: runId, name, subjects }: Pick<RunRecord, "id" | "name" | "subjects">,
  photos: readonly (readonly Planes[])[],
): Promise<string> {
  const thumbnails = inTurn(photos, THUMBNAILS).map((photo) => {
    const small = resize(photo, THUMBNAIL_SIZE, THUMBNAIL_SIZE, "bicubic");
    return new Blob([encodePng(toPixels(small))], { type: "image/png" });
  });
  const originals = subjects.flatMap(({ original }) => original ?? []);
  // A word without an original would shift those of the others.
  const known = originals.length === concept.tokens.length ? { originals } : {};
  return storeConcept(open, concept, { name, source: "trained", runId, thumbnails, ...known });
}

/** At most `count` items: the first of each list, then the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[], count: number): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1)))
    .flat()
    .slice(0, count);
}

/** What a record keeps beside the concept file. */
export interface StoredAs {
  readonly name: string;
  readonly source: ConceptRecord["source"];
  readonly runId: string | null;
  readonly thumbnails: readonly Blob[];
  /** See ConceptRecord. */
  readonly originals?: string[];
}

/** A concept that was made of others, or of other tools' files. @returns its id */
export function storeConcept(open: OpenModel, concept: Concept, as: StoredAs): Promise<string> {
  const layout = conceptLayout(open.model, concept.train === "crossattn");
  return put(encodeConcept(concept, layout), as);
}

/**
 * @returns the concept's id
 * @throws StudioError "invalid-input" where it is no concept file, or a damaged one
 */
export async function storeImported(
  open: OpenModel | null,
  file: Blob,
  name: string,
  thumbnails: readonly Blob[],
): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  // Tensors can be compared with the model that they are for only while it is open.
  if (open?.model.fingerprint === describeConcept(bytes).baseModel.fingerprint)
    open.decodeConcept(bytes);
  return put(bytes, { name, source: "imported", runId: null, thumbnails });
}

async function put(
  bytes: Uint8Array<ArrayBuffer>,
  { thumbnails, ...about }: StoredAs,
): Promise<string> {
  const { baseModel, train, tokens, settings, metrics } = describeConcept(bytes);
  const id = crypto.randomUUID();
  await concepts.put({
    version: 1,
    id,
    createdAt: Date.now(),
    baseModel: { ...baseModel },
    train,
    tokens: tokens.map((token) => ({ ...token })),
    settings: { ...settings },
    metrics: { ...metrics },
    file: new Blob([bytes], { type: "application/octet-stream" }),
    ...about,
    thumbnails: [...thumbnails],
  });
  return id;
}
