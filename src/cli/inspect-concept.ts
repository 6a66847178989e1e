/** @file `inspect` of a concept file: its words, what they were trained on, and what it changes. */
import { type ConceptSummary, describeConcept } from "../core/concept/concept-file.ts";

/** @throws StudioError where the bytes are no concept file that the studio reads */
export function inspectConcept(file: string, bytes: Uint8Array, json: boolean): string {
  const concept = describeConcept(bytes);
  return json ? JSON.stringify({ file, concept }) : asText(file, concept);
}

function asText(file: string, concept: ConceptSummary): string {
  const { tokens, baseModel, train, layers, parameters, settings, metrics } = concept;
  const listed = (values: Readonly<Record<string, unknown>>): string =>
    Object.entries(values)
      .filter(([, value]) => typeof value !== "object" || value === null)
      .map(([name, value]) => `${name} ${String(value)}`)
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
