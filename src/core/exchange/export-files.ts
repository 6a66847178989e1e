/** @file A concept as the files that other tools load, by name. */
import type { CancelSignal } from "../cancel.ts";
import { compressDifferences } from "../compress/compress.ts";
import type { Concept } from "../concept/concept.ts";
import type { BlockTopology } from "../concept/layer-names.ts";
import { gatherTensor, kvTensors } from "../concept/layer-tensors.ts";
import { StudioError } from "../errors.ts";
import type { ExchangeBase } from "./exchange-base.ts";
import { writeCompvis } from "./format-compvis.ts";
import { writeDelta } from "./format-delta.ts";
import { writeDiffusersBin, writeDiffusersSafetensors } from "./format-diffusers.ts";
import { writeEmbeddingBin, writeEmbeddingSafetensors } from "./format-embedding.ts";
import { writeLora } from "./format-lora.ts";
import { writeWebui } from "./format-webui.ts";
import { exchangedFromConcept, type ExchangeForm } from "./to-exchanged.ts";

export const EXPORT_TARGETS = [
  "diffusers",
  "diffusers-bin",
  "delta-bin",
  "delta-compressed",
  "compvis",
  "webui",
  "lora",
] as const;
export type ExportTarget = (typeof EXPORT_TARGETS)[number];

/** Of formats that write factors, the share of the singular values' sum that is kept unless said otherwise. */
export const EXPORT_KEEP: Readonly<Partial<Record<ExportTarget, number>>> = {
  "delta-compressed": 0.6,
  lora: 0.9,
};

/** Formats that are one file, weights and words alike. */
export const SINGLE_FILES: ReadonlySet<ExportTarget> = new Set([
  "delta-bin",
  "delta-compressed",
  "compvis",
]);

export interface ExportOptions {
  /** Share of the singular values' sum that factors keep, above 0 to 1. */
  readonly keep: number;
  /** Factor on the weight difference; 1 unless said otherwise. */
  readonly strength?: number;
  readonly topology: BlockTopology;
  /** Share of the work done; awaited. */
  readonly onProgress?: (done: number) => void | Promise<void>;
  readonly signal?: CancelSignal;
}

export type ExportedFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const WEIGHTS = "pytorch_custom_diffusion_weights";

/**
 * Weights and a file for each word, or both in one (`SINGLE_FILES`). Of a concept that only has words, formats with files
 * of their own for these write nothing else.
 * @throws StudioError "invalid-input" where the format cannot hold what the concept changes; "cancelled"
 */
export async function exportFiles(
  to: ExportTarget,
  whole: Concept,
  base: ExchangeBase,
  options: ExportOptions,
): Promise<ExportedFiles> {
  const concept = atStrength(whole, options.strength ?? 1);
  const content = async (kind: ExchangeForm["kind"]) =>
    exchangedFromConcept(
      concept,
      base,
      kind === "factors" ? await factorsOf(concept, base, options) : { kind },
    );
  const { layersPerBlock } = options.topology;
  switch (to) {
    case "diffusers":
      return withEmbeddings(concept, `${WEIGHTS}.safetensors`, async () =>
        writeDiffusersSafetensors(await content("full")),
      );
    case "diffusers-bin":
      return withEmbeddings(concept, `${WEIGHTS}.bin`, async () =>
        writeDiffusersBin(await content("full")),
      );
    case "webui":
      return withEmbeddings(concept, "delta.safetensors", async () =>
        writeWebui(await content("difference"), layersPerBlock),
      );
    case "lora":
      return withEmbeddings(concept, "lora.safetensors", async () =>
        writeLora(await content("factors")),
      );
    case "delta-bin":
      return new Map([["delta.bin", writeDelta(await content("full"))]]);
    case "delta-compressed":
      return new Map([["delta_compressed.bin", writeDelta(await content("factors"))]]);
    case "compvis":
      return new Map([["delta.ckpt", writeCompvis(await content("full"), layersPerBlock)]]);
  }
}

/** The concept with its weights moved by that factor of what training moved them. */
function atStrength(concept: Concept, strength: number): Concept {
  if (!Number.isFinite(strength)) {
    throw new StudioError("invalid-input", `The strength must be a number, not ${strength}.`);
  }
  if (strength === 1) return concept;
  const scaled = (values: Float32Array | null) => values?.map((x) => strength * x) ?? null;
  return {
    ...concept,
    kvDifference: scaled(concept.kvDifference),
    queryOutDifference: scaled(concept.queryOutDifference),
  };
}

/** The weights, and a file for each word, as diffusers and others want them; of the container that the weights are in. */
async function withEmbeddings(
  { kvDifference, tokens }: Concept,
  name: string,
  weights: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<ExportedFiles> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  if (kvDifference !== null) files.set(name, await weights());
  const bin = name.endsWith(".bin");
  const write = bin ? writeEmbeddingBin : writeEmbeddingSafetensors;
  for (const { token, row } of tokens) {
    files.set(`${token}.${bin ? "bin" : "safetensors"}`, write(new Map([[token, row]])));
  }
  return files;
}

/** Factors of every layer, asked for in the layers' order. */
async function factorsOf(
  { kvDifference, queryOutDifference }: Concept,
  base: ExchangeBase,
  { keep, onProgress, signal }: ExportOptions,
): Promise<ExchangeForm> {
  if (queryOutDifference !== null) {
    throw new StudioError(
      "invalid-input",
      "A concept of the face mode changes biases, which factors have no place for; choose another format.",
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
  const compressed = await compressDifferences(layers, {
    keep,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
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
