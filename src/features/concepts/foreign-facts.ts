/** @file What the card of another tool's files says: what they are, what they change, and what is missing. */
import type { ForeignContent } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import type { ForeignPart } from "../../state/foreign-files.ts";
import type { Fact } from "../../ui/fact-list.tsx";
import { formatBytes } from "../../ui/format.ts";
import { wordRemarks } from "./import-facts.ts";

const FORMATS: Readonly<Record<ForeignContent["format"], string>> = {
  diffusers: "Custom Diffusion of diffusers",
  delta: "delta file of the original code",
  compvis: "checkpoint of the original CompVis code",
  webui: "Custom Diffusion of the web UI's extension",
  lora: "LoRA",
  "textual-inversion": "embedding",
};

const KINDS: Readonly<Record<NonNullable<ForeignContent["kind"]>, string>> = {
  full: "whole weights",
  difference: "differences",
  factors: "factors",
};

/** Words of all the files, in the order in which an import has them. */
export function foreignTokens(parts: readonly ForeignPart[]): string[] {
  return [...new Set(parts.flatMap(({ content }) => content.tokens))];
}

export function foreignFacts(parts: readonly ForeignPart[]): (Fact & { readonly value: string })[] {
  const formats = new Set(parts.map(({ content }) => FORMATS[content.format]));
  const tokens = foreignTokens(parts);
  const weights = parts.find(({ content }) => content.layers > 0)?.content;
  const width = parts.map(({ content }) => content.textWidth).find((one) => one !== null);
  const bytes = parts.reduce((sum, { file }) => sum + file.size, 0);
  const changed =
    weights?.kind == null
      ? "Nothing but its words"
      : `${weights.layers} matrices of cross-attention, as ${KINDS[weights.kind]}`;
  return [
    { name: "Format", value: capital([...formats].join(", ")) },
    { name: "Words", value: tokens.length === 0 ? "None" : tokens.join(", ") },
    { name: "What it changes", value: changed },
    { name: "Made for", value: width === undefined ? "Not said" : `Text width ${width}` },
    { name: "Size", value: formatBytes(bytes) },
  ];
}

/** Sentences on what is missing, and on words that are here already. */
export function foreignRemarks(
  parts: readonly ForeignPart[],
  stored: readonly Pick<ConceptRecord, "name" | "tokens">[],
): string[] {
  const tokens = foreignTokens(parts);
  const weights = parts.some(({ content }) => content.layers > 0);
  return [
    ...(weights && tokens.length === 0
      ? [
          "There is no word of its own in it. Where its words came in files of their own, like <new1>.safetensors, leave it and drop all of them at once.",
        ]
      : []),
    ...(weights
      ? []
      : ["It has words alone. Where weights came with it, leave it and drop all of them at once."]),
    ...wordRemarks(tokens, stored),
  ];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
