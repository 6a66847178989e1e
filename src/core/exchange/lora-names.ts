/** @file How LoRA files name the two factors of a layer: kohya's way, PEFT's, and diffusers' two older ones. */
import { isProjection } from "./parameter-names.ts";

export interface LoraKey {
  /** What the file calls the layer; equal for its parts. */
  readonly module: string;
  readonly part: "up" | "down" | "alpha";
}

/** Each pattern's groups: the layer, and which of its parts. */
const PATTERNS: readonly RegExp[] = [
  /^(?<module>lora_[^.]+)\.lora_(?<part>up|down)\.weight$/,
  /^(?<module>[^.]+(?:\.[^.]+)*)\.(?<part>alpha)$/,
  /^(?<module>.+)\.lora_(?<part>[AB])(?:\.default)?\.weight$/,
  /^(?<module>.+)\.lora\.(?<part>up|down)\.weight$/,
  /^(?<module>.+\.processor\.to_(?:k|v|q|out)_lora)\.(?<part>up|down)\.weight$/,
];

const PARTS = { up: "up", down: "down", alpha: "alpha", A: "down", B: "up" } as const;

const KOHYA =
  /^lora_unet_(?:(down|up)_blocks_(\d+)|mid_block)_attentions_(\d+)_transformer_blocks_(\d+)_attn2_to_(k|v|q|out_0)$/;

/** Whether a tensor's name looks like one of a LoRA. */
export function isLoraName(name: string): boolean {
  return /(?:^|[._])lora[._]/i.test(name);
}

/** null where the name is none of a plain LoRA's. */
export function parseLoraKey(key: string): LoraKey | null {
  for (const pattern of PATTERNS) {
    const groups = pattern.exec(key)?.groups;
    if (groups !== undefined) {
      const part = PARTS[groups["part"] as keyof typeof PARTS];
      return { module: groups["module"]!, part };
    }
  }
  return null;
}

/** diffusers' name of the weight that a layer of a LoRA changes; null where it is none of cross-attention's. */
export function loraParameter(module: string): string | null {
  const kohya = KOHYA.exec(module);
  const path = kohya === null ? diffusersPath(module) : kohyaPath(kohya);
  const name = `${path}.weight`;
  return isProjection(name) ? name : null;
}

/** kohya's name of a layer: "lora_unet_" and its path with underscores. */
export function kohyaModule(parameter: string): string {
  return `lora_unet_${parameter.replace(/\.weight$/, "").replaceAll(".", "_")}`;
}

function kohyaPath([, side, block, attention, transformer, role]: RegExpExecArray): string {
  const at = side === undefined ? "mid_block" : `${side}_blocks.${block!}`;
  const to = role === "out_0" ? "out.0" : role!;
  return `${at}.attentions.${attention!}.transformer_blocks.${transformer!}.attn2.to_${to}`;
}

function diffusersPath(module: string): string {
  return module
    .replace(/^(?:base_model\.model\.)?(?:unet\.)?/, "")
    .replace(/\.processor\.to_(k|v|q|out)_lora$/, ".to_$1")
    .replace(/\.to_out$/, ".to_out.0");
}
