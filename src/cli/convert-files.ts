/** @file A concept as files of other tools; "" is the name of one that stands alone. */
import type { Concept } from "../core/concept/concept.ts";
import { kvTensors, gatherTensor } from "../core/concept/layer-tensors.ts";
import type { BlockTopology } from "../core/concept/layer-names.ts";
import { compressDifferences } from "../core/compress/compress.ts";
import { StudioError } from "../core/errors.ts";
import type { ExchangeBase } from "../core/exchange/exchange-base.ts";
import { writeCompvis } from "../core/exchange/format-compvis.ts";
import { writeDelta } from "../core/exchange/format-delta.ts";
import { writeDiffusersBin, writeDiffusersSafetensors } from "../core/exchange/format-diffusers.ts";
import { writeEmbeddingBin, writeEmbeddingSafetensors } from "../core/exchange/format-embedding.ts";
import { writeLora } from "../core/exchange/format-lora.ts";
import { writeWebui } from "../core/exchange/format-webui.ts";
import { exchangedFromConcept, type ExchangeForm } from "../core/exchange/to-exchanged.ts";

export const CONVERT_TARGETS = [
  "concept",
  "diffusers",
  "diffusers-bin",
  "delta-bin",
  "delta-compressed",
  "compvis",
  "webui",
  "lora",
] as const;
export type ConvertTarget = (typeof CONVERT_TARGETS)[number];

export interface ConvertOptions {
  /** Share of the singular values' sum that factors keep. */
  readonly keep: number;
  readonly topology: BlockTopology;
}

type Files = Map<string, Uint8Array<ArrayBuffer>>;

const WEIGHTS = "pytorch_custom_diffusion_weights";

/** @throws StudioError "invalid-input" where the format cannot hold what the concept changes */
export async function convertedFiles(
  to: Exclude<ConvertTarget, "concept">,
  concept: Concept,
  base: ExchangeBase,
  { keep, topology }: ConvertOptions,
): Promise<Files> {
  const content = async (form: "full" | "difference" | "factors") =>
    exchangedFromConcept(
      concept,
      base,
      form === "factors" ? await factorsOf(concept, base, keep) : { kind: form },
    );
  const { layersPerBlock } = topology;
  switch (to) {
    case "diffusers":
      return withEmbeddings(
        `${WEIGHTS}.safetensors`,
        writeDiffusersSafetensors(await content("full")),
        {
          concept,
          write: writeEmbeddingSafetensors,
          ending: "safetensors",
        },
      );
    case "diffusers-bin":
      return withEmbeddings(`${WEIGHTS}.bin`, writeDiffusersBin(await content("full")), {
        concept,
        write: writeEmbeddingBin,
        ending: "bin",
      });
    case "webui":
      return withEmbeddings(
        "delta.safetensors",
        writeWebui(await content("difference"), layersPerBlock),
        {
          concept,
          write: writeEmbeddingSafetensors,
          ending: "safetensors",
        },
      );
    case "lora":
      return withEmbeddings("lora.safetensors", writeLora(await content("factors")), {
        concept,
        write: writeEmbeddingSafetensors,
        ending: "safetensors",
      });
    case "delta-bin":
      return new Map([["", writeDelta(await content("full"))]]);
    case "delta-compressed":
      return new Map([["", writeDelta(await content("factors"))]]);
    case "compvis":
      return new Map([["", writeCompvis(await content("full"), layersPerBlock)]]);
  }
}

interface Embeddings {
  readonly concept: Concept;
  readonly write: (tokens: ReadonlyMap<string, Float32Array>) => Uint8Array<ArrayBuffer>;
  readonly ending: string;
}

/** The weights, and a file for each word, as diffusers and others want them. */
function withEmbeddings(
  name: string,
  weights: Uint8Array<ArrayBuffer>,
  { concept, write, ending }: Embeddings,
): Files {
  const files: Files = new Map();
  if (concept.kvDifference !== null) files.set(name, weights);
  for (const { token, row } of concept.tokens) {
    files.set(`${token}.${ending}`, write(new Map([[token, row]])));
  }
  return files;
}

/** Factors of every layer, asked for in the layers' order. */
async function factorsOf(
  concept: Concept,
  base: ExchangeBase,
  keep: number,
): Promise<ExchangeForm> {
  const { kvDifference, queryOutDifference } = concept;
  if (queryOutDifference !== null) {
    throw new StudioError(
      "invalid-input",
      "A concept of the face mode changes biases, which factors have no place for; convert it to another format.",
    );
  }
  const layers =
    kvDifference === null
      ? []
      : kvTensors(base.layout).map((tensor) => ({
          name: tensor.name,
          dims: tensor.dims as readonly [number, number],
          values: gatherTensor(kvDifference, tensor),
        }));
  const compressed = await compressDifferences(layers, { keep });
  let next = 0;
  return {
    kind: "factors",
    factorise() {
      const layer = compressed.layers[next++];
      if (layer === undefined) throw new StudioError("internal", "There are too few factors.");
      return layer;
    },
  };
}
