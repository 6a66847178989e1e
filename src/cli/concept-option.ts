/** @file `--concept`: concept files, read for the model that is open. */
import { readFile } from "node:fs/promises";
import { decodeConcept, describeConcept } from "../core/concept/concept-file.ts";
import type { Concept } from "../core/concept/concept.ts";
import { CONCEPT_FORMAT } from "../core/concept/concept-header.ts";
import { StudioError } from "../core/errors.ts";
import { readSafetensors } from "../core/tensor/safetensors.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import type { Model } from "../engine/model/read-model.ts";
import { aboutFile } from "./about-file.ts";
import { listOption, type Raw } from "./options.ts";

/** Whether the bytes say that they are a concept file, whole or not. */
export function isConceptFile(bytes: Uint8Array): boolean {
  try {
    return readSafetensors(bytes).metadata.get("format") === CONCEPT_FORMAT;
  } catch {
    return false;
  }
}

/** @throws StudioError "invalid-input" naming the file and what is wrong with it */
export async function readConceptFile(model: Model, file: string): Promise<Concept> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `The concept file "${file}" cannot be read.`, { cause });
  });
  return aboutFile(file, () => {
    const faces = describeConcept(bytes).train === "crossattn";
    return decodeConcept(bytes, conceptLayout(model, faces), model);
  });
}

/** The concept of one `--concept FILE`; null where none is named. */
export async function conceptOption(model: Model, raw: Raw): Promise<Concept | null> {
  const files = listOption(raw);
  const [file] = files;
  if (file === undefined) return null;
  if (files.length > 1) {
    throw new StudioError(
      "invalid-input",
      "Only one --concept at a time here; `merge` makes one of several, and `compose` paints with several.",
    );
  }
  return readConceptFile(model, file);
}

/** The concepts of two or more `--concept FILE`s. */
export async function conceptsOption(
  model: Model,
  raw: Raw,
): Promise<{ readonly file: string; readonly concept: Concept }[]> {
  const files = listOption(raw);
  if (files.length < 2) {
    throw new StudioError(
      "invalid-input",
      `--concept is given ${files.length === 1 ? "once" : "not at all"}; name at least two concept files.`,
    );
  }
  const concepts = [];
  for (const file of files) concepts.push({ file, concept: await readConceptFile(model, file) });
  return concepts;
}
