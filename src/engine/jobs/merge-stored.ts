/** @file The job of merging: stored concepts into one, by the closed form; what captions say of the model is kept. */
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { RegularisationGram } from "../../core/merge/gram.ts";
import type { MergeFacts, MergeJob, MergeProgress } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../storage/concepts.ts";
import { grams } from "../../storage/grams.ts";
import { mergeConcepts, type MergedConcept } from "../merge/merge-concepts.ts";
import { captionsDigest } from "../merge/gram-file.ts";
import { broughtGram, mergeCaptions, regularisationGram } from "../merge/regularisation.ts";
import type { WeighedConcept } from "../sample/composition.ts";
import type { OpenModel } from "./open-model.ts";
import { heard } from "./compress-stored.ts";
import { storeConcept } from "./store-concept.ts";

/** Of the pictures of each concept, on the merged one's card. */
const THUMBNAILS_EACH = 2;

export interface MergeControls {
  readonly onProgress: (progress: MergeProgress) => void;
  readonly signal: AbortSignal;
}

/** @param everyday reads the captions for models that have none of their own */
export async function mergeStored(
  open: OpenModel,
  { concepts, name }: MergeJob,
  everyday: () => Promise<string>,
  controls: MergeControls,
): Promise<{ readonly conceptId: string; readonly facts: MergeFacts }> {
  const stored = await Promise.all(concepts.map(({ id }) => open.readStored(id)));
  const weighed = stored.map(({ concept }, i) => ({
    concept: concept(),
    strength: concepts[i]?.strength ?? 1,
  }));
  const { concept, report } = await mergeOpen(open, weighed, everyday, controls);
  const conceptId = await storeConcept(open, concept, {
    name,
    source: "merged",
    runId: null,
    thumbnails: stored.flatMap(({ record }) => picturesOf(record)),
  });
  const { rows, residual, drift, driftAlone } = report;
  const tokens = wordsOf(weighed, concept);
  return { conceptId, facts: { rows, residual, drift, driftAlone, tokens } };
}

/** Merges concepts of the open model; nothing is stored but what captions say of it. */
export async function mergeOpen(
  open: OpenModel,
  concepts: readonly WeighedConcept[],
  everyday: () => Promise<string>,
  { onProgress, signal }: MergeControls,
): Promise<MergedConcept> {
  const gram = await gramOf(open, everyday, { onProgress, signal });
  return mergeConcepts(open.model, open.runtime, concepts, gram, {
    ...heard({ signal, onProgress: (done) => onProgress({ what: "Merging", done }) }),
  });
}

async function gramOf(
  open: OpenModel,
  everyday: () => Promise<string>,
  { onProgress, signal }: MergeControls,
): Promise<RegularisationGram> {
  const captions = await mergeCaptions(open.model, everyday);
  const brought = await broughtGram(open.model, captions);
  if (brought !== null) return brought;
  const key = `${open.model.fingerprint} ${await captionsDigest(captions)}`;
  // What cannot be read or kept is computed again.
  const known = await grams.read(key).catch(() => undefined);
  if (known?.width === open.model.config.textWidth) return known;
  const gram = await regularisationGram(open.model, open.runtime, captions, {
    signal,
    onPass: (done, total) =>
      onProgress({ what: "Reading captions, once for this model", done: done / total }),
  });
  await grams.write(key, gram).catch(() => undefined);
  return gram;
}

/** The merged concept's words by the concepts that they came with. */
function wordsOf(concepts: readonly WeighedConcept[], merged: Concept): string[][] {
  let from = 0;
  return concepts.map(({ concept: { tokens } }) => {
    const own = merged.tokens.slice(from, from + tokens.length);
    if (own.length !== tokens.length) {
      throw new StudioError("internal", "A merged concept has lost a word.");
    }
    from += tokens.length;
    return own.map(({ token }) => token);
  });
}

function picturesOf({ thumbnails }: ConceptRecord): Blob[] {
  return thumbnails.slice(0, THUMBNAILS_EACH);
}
