/** @file Names of the parameters that Custom Diffusion trains: diffusers', and CompVis' for the same ones. */

const PROJECTION =
  /^(?:(?<side>down|up)_blocks\.(?<block>\d{1,3})\.attentions\.(?<layer>\d{1,3})|mid_block\.attentions\.0)\.(?<rest>transformer_blocks\.\d{1,3}\.attn2\.(?:to_[kvq]\.weight|to_out\.0\.(?:weight|bias)))$/;

const COMPVIS =
  /^(?:model\.diffusion_model\.)?(?:(?<side>input|output)_blocks\.(?<index>\d{1,3})|middle_block)\.1\.(?<rest>transformer_blocks\..*)$/;

const PREFIX = "model.diffusion_model.";

/** Whether a parameter, by diffusers' name, is one of cross-attention's: to_k, to_v, to_q, to_out. */
export function isProjection(name: string): boolean {
  return PROJECTION.test(name);
}

/**
 * CompVis numbers the layers of all blocks together: block b's layer l is input_blocks[1 + b(L + 1) + l], because
 * conv_in comes first and each block ends with a downsampler, and output_blocks[b(L + 1) + l]. Attention follows the
 * residual part, ".1".
 * @param layersPerBlock L, as unet/config.json says
 * @returns null where the name is none of `isProjection`'s
 */
export function toCompvisName(name: string, layersPerBlock: number): string | null {
  const groups = PROJECTION.exec(name)?.groups;
  if (groups === undefined) return null;
  const { side, rest } = groups;
  const place = Number(groups["block"]) * (layersPerBlock + 1) + Number(groups["layer"]);
  if (side === undefined) return `${PREFIX}middle_block.1.${rest!}`;
  return side === "down"
    ? `${PREFIX}input_blocks.${1 + place}.1.${rest!}`
    : `${PREFIX}output_blocks.${place}.1.${rest!}`;
}

/**
 * @param name with or without "model.diffusion_model."
 * @returns diffusers' name, or null where the name is none of cross-attention's
 */
export function fromCompvisName(name: string, layersPerBlock: number): string | null {
  const groups = COMPVIS.exec(name)?.groups;
  if (groups === undefined) return null;
  const { side, rest } = groups;
  const place = Number(groups["index"]) - (side === "input" ? 1 : 0);
  const block = Math.floor(place / (layersPerBlock + 1));
  const layer = place - block * (layersPerBlock + 1);
  const module =
    side === undefined
      ? "mid_block.attentions.0"
      : `${side === "input" ? "down" : "up"}_blocks.${block}.attentions.${layer}`;
  const found = `${module}.${rest!}`;
  // conv_in and downsamplers have numbers too, and no attention.
  return isProjection(found) && !(side === "input" && layer === layersPerBlock) ? found : null;
}
