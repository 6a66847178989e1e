/** @file Names what a file that is no concept looks like, so that a refusal can say so. */
import type { Safetensors } from "../tensor/safetensors.ts";

/** A file that is not safetensors; null where its first bytes tell nothing. */
export function looksLikeBytes(bytes: Uint8Array): string | null {
  const starts = (...magic: readonly number[]): boolean =>
    magic.every((byte, i) => bytes[i] === byte);
  // A zip archive, as torch.save writes them, or a bare pickle, as it used to.
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x80, 0x02)) {
    return "a PyTorch file (.bin, .pt or .ckpt)";
  }
  if (starts(0xff, 0xd8, 0xff) || starts(0x89, 0x50, 0x4e, 0x47)) return "a picture";
  return null;
}

/** In the order in which they are asked: the particular before the general. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.to_[kvq]_custom_diffusion\.weight$/, "diffusers' Custom Diffusion weights"],
  [/(^|[._])lora[._]/i, "a LoRA"],
  [/^<[^<>]+>$|^emb_params$/, "a textual inversion embedding"],
  [/^model\.diffusion_model\./, "a whole Stable Diffusion checkpoint"],
  [/^(down_blocks|mid_block|up_blocks)\./, "the weights of a diffusers UNet"],
];

/** A safetensors file of another format; null where its names tell nothing. */
export function looksLikeTensors({
  metadata,
  tensors,
}: Pick<Safetensors, "metadata"> & { readonly tensors: ReadonlyMap<string, unknown> }):
  string | null {
  if (metadata.get("format") === "custom-diffusion-studio.checkpoint") {
    return "a checkpoint of an unfinished training run";
  }
  const names = [...tensors.keys()];
  return KINDS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ?? null;
}
