/** @file The job of making a stored concept smaller: what each share would come to, and a second concept of one of them. */
import {
  compressConcept,
  type CompressionChoice,
  compressionChoices,
} from "../../core/concept/compress-concept.ts";
import type { CompressJob, ConceptJob } from "../../rpc/contracts.ts";
import { conceptLayout } from "../model/concept-layout.ts";
import { turn } from "../ort/turn.ts";
import type { OpenModel } from "./open-model.ts";
import { storeConcept } from "./store-concept.ts";

export interface ConceptJobControls {
  /** Share of the work done, from 0 to 1. */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

/** In percent: below, hardly anything of a concept is left. */
const SHARES = Array.from({ length: 91 }, (_, i) => 10 + i);

/**
 * One for each percent from 10 to 100.
 * @throws StudioError "invalid-input" where there is nothing to compress, or it belongs to another model; "cancelled"
 */
export async function storedChoices(
  open: OpenModel,
  { conceptId }: ConceptJob,
  controls: ConceptJobControls,
): Promise<CompressionChoice[]> {
  const { concept } = await open.readStored(conceptId);
  const keeps = SHARES.map((percent) => percent / 100);
  return compressionChoices(concept(), conceptLayout(open.model), keeps, heard(controls));
}

/** Beside the concept that it is made of, which stays. @returns the new concept's id */
export async function compressStored(
  open: OpenModel,
  { conceptId, keep, name }: CompressJob,
  controls: ConceptJobControls,
): Promise<string> {
  const { record, concept } = await open.readStored(conceptId);
  const options = { keep, ...heard(controls) };
  const compressed = await compressConcept(concept(), conceptLayout(open.model), options);
  const { source, runId, thumbnails } = record;
  return storeConcept(open, compressed.concept, { name, source, runId, thumbnails });
}

/** The same for arithmetic that would keep the worker from hearing anything else. */
export function heard({ onProgress, signal }: ConceptJobControls) {
  return {
    signal,
    onProgress: async (done: number): Promise<void> => {
      onProgress(done);
      await turn();
    },
  };
}
