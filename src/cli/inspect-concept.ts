/** @file `inspect` of a concept file: its words, what they were trained on, and what it changes. */
import { type ConceptSummary, describeConcept } from "../core/concept/concept-file.ts";
import { aboutFile } from "./about-file.ts";

/** @throws StudioError where the bytes are no concept file that the studio reads */
export function inspectConcept(file: string, bytes: Uint8Array, json: boolean): string {
  const concept = aboutFile(file, () => describeConcept(bytes));
  return json ? JSON.stringify({ file, concept }) : asText(file, concept);
}

/** Measured numbers to four digits; settings are shorter than that anyway. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

function asText(file: string, concept: ConceptSummary): string {
  const { tokens, baseModel, train, layers, parameters, settings, metrics } = concept;
  const listed = (values: Readonly<Record<string, unknown>>): string =>
    Object.entries(values)
      .filter(([, value]) => typeof value !== "object" || value === null)
      .map(([name, value]) => `${name} ${shown(value)}`)
      .join(", ");
  return [
    file,
    `  concept    ${tokens.map(({ token, category }) => `${token} ${category}`).join(", ")}`,
    `  base model ${baseModel.id} (${baseModel.fingerprint.slice(0, 12)})`,
    `  trained    ${train}: ${layers} layers, ${parameters} parameters, ${(concept.bytes / 1e6).toFixed(1)} MB`,
    `  settings   ${listed(settings)}`,
    `  metrics    ${listed(metrics)}`,
  ].join("\n");
}
