/** @file How an image was made, as named values, for one image and for two side by side. */
import type { RecordedComposition } from "../../core/image/image-settings.ts";
import type { ImageRecord } from "../../state/gallery.ts";
import { BACKEND_LABELS } from "../../ui/backend-label.ts";
import { SAMPLER_LABELS } from "../../ui/sampler-labels.ts";
import type { Fact } from "../../ui/fact-list.tsx";

export interface ImageFact extends Fact {
  readonly value: string;
}

export function imageFacts({ settings, width, height, createdAt }: ImageRecord): ImageFact[] {
  const { concepts, negativePrompt, eta } = settings;
  const sampler = SAMPLER_LABELS[settings.sampler];
  const named = concepts.map(({ name, token, category, strength }) => {
    const word = `${token} ${category}`.trim();
    return `${name}${word === "" ? "" : ` (${word})`} at ${strength.toFixed(2)}`;
  });
  const { composition } = settings;
  const together = composition === undefined ? [] : [compositionSentence(composition)];
  return [
    { name: "Prompt", value: settings.prompt },
    { name: "Negative prompt", value: negativePrompt === "" ? "none" : negativePrompt },
    { name: "Concept", value: [...named, ...together].join(", ") || "none" },
    { name: "Seed", value: String(settings.seed) },
    { name: "Sampler", value: eta === 0 ? sampler : `${sampler}, eta ${eta}` },
    { name: "Steps", value: String(settings.steps) },
    { name: "Guidance", value: String(settings.guidance) },
    { name: "Model", value: settings.model.id },
    { name: "Computed with", value: BACKEND_LABELS[settings.backend] },
    { name: "Size", value: `${width} × ${height}` },
    { name: "Made", value: new Date(createdAt).toLocaleString() },
  ];
}

function compositionSentence(composition: RecordedComposition): string {
  switch (composition.kind) {
    case "merged":
      return "merged into one";
    case "solved":
      return "combined at each step, by itself";
    case "regions":
      return "combined at each step, by regions";
    case "fixed":
      return `combined at each step, shares ${composition.weights.map((weight) => weight.toFixed(2)).join(" : ")}`;
  }
}

export interface ComparedFact {
  readonly name: string;
  readonly values: readonly [string, string];
  readonly differs: boolean;
}

/** What differs comes first. */
export function compareFacts(left: ImageRecord, right: ImageRecord): ComparedFact[] {
  const others = new Map(imageFacts(right).map(({ name, value }) => [name, value]));
  const all = imageFacts(left).map(({ name, value }): ComparedFact => {
    const other = others.get(name) ?? "";
    return { name, values: [value, other], differs: value !== other };
  });
  return [...all.filter(({ differs }) => differs), ...all.filter(({ differs }) => !differs)];
}
