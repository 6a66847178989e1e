/** @file Which images the gallery shows: by words, and by concept. */
import type { ImageSettings } from "../../core/image/image-settings.ts";

interface Listed {
  readonly settings: ImageSettings;
}

/** Stands for images that were painted with the base model alone. */
export const NO_CONCEPT = "none";

export interface ImageFilter {
  readonly text: string;
  /** A concept's id, `NO_CONCEPT`, or null for everything. */
  readonly concept: string | null;
}

export function filterImages<T extends Listed>(
  images: readonly T[],
  { text, concept }: ImageFilter,
): readonly T[] {
  const words = plain(text)
    .split(/\s+/u)
    .filter((word) => word !== "");
  if (words.length === 0 && concept === null) return images;
  return images.filter(
    ({ settings }) => hasConcept(settings, concept) && hasWords(settings, words),
  );
}

function hasConcept({ concepts }: ImageSettings, wanted: string | null): boolean {
  if (wanted === null) return true;
  if (wanted === NO_CONCEPT) return concepts.length === 0;
  return concepts.some(({ id }) => id === wanted);
}

function hasWords(settings: ImageSettings, words: readonly string[]): boolean {
  const { prompt, negativePrompt, concepts, seed } = settings;
  const names = concepts.map(({ name }) => name);
  const all = plain([prompt, negativePrompt, ...names, seed].join("\n"));
  return words.every((word) => all.includes(word));
}

function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** Concepts that images were painted with, by name; they may be gone from the store. */
export function conceptsOf(
  images: readonly Listed[],
): { readonly id: string; readonly name: string }[] {
  const names = new Map<string, string>();
  // Newest first, so that of a concept's names the newest is kept.
  for (const { id, name } of images.flatMap(({ settings }) => settings.concepts)) {
    if (!names.has(id)) names.set(id, name);
  }
  return [...names]
    .map(([id, name]) => ({ id, name }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
