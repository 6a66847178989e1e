/** @file LoRA: W - W0 = alpha / rank · up · down. Read as several tools write it, written as kohya's scripts do. */
import type { SafetensorsEntry } from "../tensor/safetensors.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import type { Exchanged, ExchangedContent, FactoredWeight } from "./exchanged.ts";
import { kohyaModule, loraParameter, parseLoraKey } from "./lora-names.ts";
import type { PickleValue } from "./pickle-values.ts";
import { readFactors, refuseOthers } from "./read-weights.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { jsonMembers, named, type SourceFile } from "./source-file.ts";
import { isTensor, type ValueReader } from "./source-tensor.ts";
import { entryOf, type Precision, refuseEmpty, required } from "./write-weights.ts";

type Parts = Partial<Record<"up" | "down" | "alpha", PickleValue>>;

export function readLora({ root, reader, metadata }: SourceFile): Exchanged {
  const general = adapterAlpha(metadata);
  const weights = new Map<string, FactoredWeight>();
  const others: string[] = [];
  for (const [module, { up, down, alpha }] of modulesOf(named(root))) {
    const name = loraParameter(module);
    if (name === null) {
      others.push(module);
      continue;
    }
    if (weights.has(name)) throw damagedFile(`${quoted(name)} is in it twice`);
    const factors = readFactors(reader, module, up, down);
    const own = alpha === undefined ? general : readAlpha(reader, module, alpha);
    if (own !== null) scale(factors, own);
    weights.set(name, factors);
  }
  refuseOthers(others);
  return { format: "lora", weights, tokens: new Map() };
}

/**
 * alpha is the rank, so that up · down is the difference; and all ranks are one, filled up with zeros, since diffusers
 * takes a single alpha for all layers of a file.
 * @throws StudioError "invalid-input" where there are no weights, one is not factored (as face mode's biases), or no
 *   float16 can hold one
 */
export function writeLora(
  { weights }: Pick<ExchangedContent, "weights">,
  precision: Precision = "float16",
): Uint8Array<ArrayBuffer> {
  refuseEmpty(
    weights.size,
    "This concept has no weights, only tokens; export it as a textual inversion.",
  );
  const tensors = new Map<string, SafetensorsEntry>();
  const factors = [...weights].map(
    ([name, weight]) => [name, required(weight, "factors", name, "A LoRA")] as const,
  );
  // Readers divide by the rank: nothing is written as a product of zeros.
  const rank = Math.max(1, ...factors.map(([, own]) => own.rank));
  for (const [name, own] of factors) {
    const { dims, up, down } = filledUp(own, rank);
    const module = kohyaModule(name);
    tensors.set(`${module}.lora_up.weight`, entryOf(precision, name, [dims[0], rank], up));
    tensors.set(`${module}.lora_down.weight`, entryOf(precision, name, [rank, dims[1]], down));
    tensors.set(`${module}.alpha`, entryOf(precision, name, [], Float32Array.of(rank)));
  }
  return writeSafetensors(tensors, new Map([["format", "pt"]]));
}

function modulesOf(entries: readonly (readonly [string, PickleValue])[]): Map<string, Parts> {
  const modules = new Map<string, Parts>();
  for (const [key, value] of entries) {
    const parsed = parseLoraKey(key);
    if (parsed === null) {
      throw refusal(
        `This LoRA has ${quoted(key)}, which a plain LoRA has not (DoRA, LoHa and LoKr are other kinds); choose a plain LoRA.`,
      );
    }
    const parts = modules.get(parsed.module) ?? {};
    parts[parsed.part] = value;
    modules.set(parsed.module, parts);
  }
  return modules;
}

function readAlpha(reader: ValueReader, module: string, value: PickleValue): number {
  const alpha = isTensor(value) && value.dims.length <= 1 ? reader.values(module, value) : [value];
  if (alpha.length !== 1 || !Number.isFinite(alpha[0]))
    throw damagedFile(`the alpha of ${quoted(module)} is not one number`);
  return Number(alpha[0]);
}

/** The alpha of all layers, which PEFT's adapters have in their metadata; null where there is none. */
function adapterAlpha(metadata: SourceFile["metadata"]): number | null {
  const text = metadata.get("lora_adapter_metadata");
  if (text === undefined) return null;
  const settings = jsonMembers(text);
  const setting = (name: string): unknown => settings.get(`unet.${name}`) ?? settings.get(name);
  const patterns = setting("alpha_pattern") ?? {};
  if (setting("use_rslora") === true || Object.keys(patterns).length > 0) {
    throw refusal(
      "The layers of this LoRA have strengths of their own (rsLoRA or alpha_pattern), which the studio does not read; save it without.",
    );
  }
  const alpha = setting("lora_alpha");
  return typeof alpha === "number" && Number.isFinite(alpha) ? alpha : null;
}

/** In place: the values were copied for this. */
function scale({ up, rank }: FactoredWeight, alpha: number): void {
  if (alpha === rank) return;
  for (let i = 0; i < up.length; i++) up[i]! *= alpha / rank;
}

/** The same product with more columns of up and rows of down, all zero. */
function filledUp(factors: FactoredWeight, rank: number): FactoredWeight {
  const [outputs, width] = factors.dims;
  const up = new Float32Array(outputs * rank);
  for (let o = 0; o < outputs; o++) {
    up.set(factors.up.subarray(o * factors.rank, (o + 1) * factors.rank), o * rank);
  }
  const down = new Float32Array(rank * width);
  down.set(factors.down);
  return { ...factors, up, down, rank };
}
