/**
 * @file diffusers' `pytorch_custom_diffusion_weights.safetensors` and `.bin`: whole weights under the names of the
 * attention processors, `….attn2.processor.to_k_custom_diffusion.weight`; token rows are files of their own.
 */
import type { SafetensorsEntry } from "../tensor/safetensors.ts";
import { float32Entry } from "../tensor/safetensors-values.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import type { Exchanged, ExchangedContent, ExchangedWeight } from "./exchanged.ts";
import { isProjection } from "./parameter-names.ts";
import type { TorchValue } from "./pickle-write.ts";
import { readWhole, refuseOthers } from "./read-weights.ts";
import { named, type SourceFile } from "./source-file.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { refuseEmpty, required, torchTensor } from "./write-weights.ts";

const FORMAT = "diffusers' Custom Diffusion file";

/** Self-attention's processors are there, but have no weights. */
const EMPTY = ".attn1.processor";

export function readDiffusers({ root, reader }: SourceFile): Exchanged {
  const weights = new Map<string, ExchangedWeight>();
  const others: string[] = [];
  for (const [key, value] of named(root)) {
    if (key.endsWith(EMPTY)) continue;
    const name = key
      .replace(".processor.", ".")
      .replace(/_custom_diffusion\.(?=(?:0\.)?(?:weight|bias)$)/, ".");
    if (isProjection(name)) weights.set(name, readWhole(reader, "full", key, value));
    else others.push(key);
  }
  refuseOthers(others);
  return { format: "diffusers", weights, tokens: new Map() };
}

/**
 * One file that diffusers' load_attn_procs reads, and webUIs' converters: empty tensors [0] stand for
 * self-attention's processors, which load_attn_procs misses in the files that its own save_attn_procs writes.
 * @throws StudioError "invalid-input" where there are no weights, or they are not whole
 */
export function writeDiffusersSafetensors({ weights }: Weights): Uint8Array<ArrayBuffer> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, { dims, values }] of wholeWeights(weights)) {
    entries.set(processorName(name), float32Entry(dims, values));
  }
  for (const key of emptyProcessors(weights)) {
    entries.set(key, float32Entry([0], new Float32Array()));
  }
  return writeSafetensors(entries, new Map([["format", "pt"]]));
}

/** The same for torch.load, with empty dictionaries where safetensors has empty tensors. */
export function writeDiffusersBin({ weights }: Weights): Uint8Array<ArrayBuffer> {
  const entries = new Map<string, TorchValue>();
  for (const [name, { dims, values }] of wholeWeights(weights)) {
    entries.set(processorName(name), torchTensor(dims, values));
  }
  for (const key of emptyProcessors(weights)) entries.set(key, new Map());
  return writeTorchArchive(entries);
}

type Weights = Pick<ExchangedContent, "weights">;

function wholeWeights(weights: ExchangedContent["weights"]) {
  refuseEmpty(
    weights.size,
    "This concept has no weights, only tokens; export it as a textual inversion.",
  );
  return [...weights].map(
    ([name, weight]) => [name, required(weight, "full", name, FORMAT)] as const,
  );
}

function processorName(name: string): string {
  return name.replace(/\.attn2\.(to_[a-z]+)\./, ".attn2.processor.$1_custom_diffusion.");
}

/** One for each block that has cross-attention. */
function emptyProcessors(weights: ExchangedContent["weights"]): Set<string> {
  const blocks = [...weights.keys()].map((name) => name.slice(0, name.indexOf(".attn2.")));
  return new Set(blocks.map((block) => `${block}${EMPTY}`));
}
