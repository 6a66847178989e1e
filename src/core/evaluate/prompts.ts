/** @file Prompts that a concept is evaluated with: {} stands for token and category. */
import { StudioError } from "../errors.ts";

/** A thing in scenes that the default model knows. */
export const SCENE_PROMPTS: readonly string[] = [
  "photo of a {} on the beach",
  "photo of a {} in the snow",
  "photo of a {} on a wooden table",
  "photo of a {} in the forest",
  "photo of a {} on the grass",
  "photo of a {} on the road",
  "photo of a {} at sunset",
  "photo of a {} in the city",
];

/** The prompt with the thing in its place: "<new1> bear", or "bear" alone. */
export function fillPrompt(template: string, thing: string): string {
  return template.replaceAll("{}", () => thing);
}

const MAX_PROMPTS = 1000;

/**
 * One prompt a line; empty lines and lines that begin with # are left out.
 * @throws StudioError "invalid-input" where there is none, or too many
 */
export function parsePrompts(text: string, source: string): string[] {
  const prompts = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (prompts.length > 0 && prompts.length <= MAX_PROMPTS) return prompts;
  throw new StudioError(
    "invalid-input",
    `"${source}" has ${prompts.length} prompts; it should have one a line, from 1 to ${MAX_PROMPTS}.`,
  );
}
