/**
 * @file What a single file, as CompVis' latent-diffusion and what came after it save one, calls the parameters of
 * diffusers and transformers.
 */

/** Of the parts in the file. */
export const LDM_UNET = "model.diffusion_model.";
export const LDM_VAE = "first_stage_model.";
/** CLIP of transformers, in Stable Diffusion 1.x. */
export const LDM_CLIP = "cond_stage_model.transformer.";
/** OpenCLIP, in Stable Diffusion 2.x. */
export const LDM_OPEN_CLIP = "cond_stage_model.model.";

type Renaming = readonly (readonly [from: RegExp, to: string])[];

function renamed(name: string, rules: Renaming): string {
  return rules.reduce((now, [from, to]) => now.replace(from, to), name);
}

const UNET_OUTSIDE: Renaming = [
  [/^time_embedding\.linear_1\./, "time_embed.0."],
  [/^time_embedding\.linear_2\./, "time_embed.2."],
  [/^conv_in\./, "input_blocks.0.0."],
  [/^conv_norm_out\./, "out.0."],
  [/^conv_out\./, "out.2."],
  [/^mid_block\.resnets\.0\./, "middle_block.0."],
  [/^mid_block\.attentions\.0\./, "middle_block.1."],
  [/^mid_block\.resnets\.1\./, "middle_block.2."],
];

/** Inside of a residual block. */
const UNET_RESIDUAL: Renaming = [
  [/\.norm1\.(?=weight$|bias$)/, ".in_layers.0."],
  [/\.conv1\./, ".in_layers.2."],
  [/\.norm2\.(?=weight$|bias$)/, ".out_layers.0."],
  [/\.conv2\./, ".out_layers.3."],
  [/\.time_emb_proj\./, ".emb_layers.1."],
  [/\.conv_shortcut\./, ".skip_connection."],
];

const UNET_BLOCK =
  /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)$/;

/**
 * Layers of all blocks are numbered together, as in exchange/parameter-names.ts: conv_in is input_blocks.0, and a
 * block's downsampler or upsampler comes with its last number.
 * @param layersPerBlock of the UNet
 */
export function ldmUnetNames(layersPerBlock: number): (name: string) => readonly string[] {
  return (name) => {
    const parts = UNET_BLOCK.exec(name);
    if (parts === null) {
      const outside = renamed(name, UNET_OUTSIDE);
      const isResidual = name.startsWith("mid_block.resnets.");
      return [LDM_UNET + (isResidual ? renamed(outside, UNET_RESIDUAL) : outside)];
    }
    const [, side, block, kind, layer, rest = ""] = parts;
    const first = Number(block) * (layersPerBlock + 1);
    const [blocks, start] =
      side === "down" ? ["input_blocks", first + 1] : ["output_blocks", first];
    const at = (place: number, module: number | string): string =>
      `${LDM_UNET}${blocks}.${start + place}.${module}`;
    switch (kind) {
      case "resnets":
        return [renamed(`${at(Number(layer), 0)}.${rest}`, UNET_RESIDUAL)];
      case "attentions":
        return [`${at(Number(layer), 1)}.${rest}`];
      case "downsamplers":
        return [at(layersPerBlock, rest.replace("conv.", "0.op."))];
      default:
        // Behind the block's attention, where it has one.
        return [at(layersPerBlock, `2.${rest}`), at(layersPerBlock, `1.${rest}`)];
    }
  };
}

const VAE_RULES: Renaming = [
  [/\.conv_norm_out\./, ".norm_out."],
  [/^encoder\.down_blocks\.(\d+)\.resnets\./, "encoder.down.$1.block."],
  [/^encoder\.down_blocks\.(\d+)\.downsamplers\.0\./, "encoder.down.$1.downsample."],
  [/\.mid_block\.resnets\.0\./, ".mid.block_1."],
  [/\.mid_block\.resnets\.1\./, ".mid.block_2."],
  [/\.mid_block\.attentions\.0\.group_norm\./, ".mid.attn_1.norm."],
  [/\.mid_block\.attentions\.0\.to_([qkv])\./, ".mid.attn_1.$1."],
  [/\.mid_block\.attentions\.0\.to_out\.0\./, ".mid.attn_1.proj_out."],
  [/\.conv_shortcut\./, ".nin_shortcut."],
];

/** @param levels of the VAE, which the file counts from the image inwards on both sides */
export function ldmVaeNames(levels: number): (name: string) => readonly string[] {
  return (name) => {
    const counted = name
      .replace(/^decoder\.up_blocks\.(\d+)\./, (_, i) => `decoder.up.${levels - 1 - Number(i)}.`)
      .replace(/^(decoder\.up\.\d+\.)resnets\./, "$1block.")
      .replace(/^(decoder\.up\.\d+\.)upsamplers\.0\./, "$1upsample.");
    return [LDM_VAE + renamed(counted, VAE_RULES)];
  };
}

/** Most files were saved when transformers kept all in a module of its own. */
export const ldmClipNames = (name: string): readonly string[] => [
  `${LDM_CLIP}text_model.${name}`,
  LDM_CLIP + name,
];

const OPEN_CLIP_RULES: Renaming = [
  [/^embeddings\.token_embedding\.weight$/, "token_embedding.weight"],
  [/^embeddings\.position_embedding\.weight$/, "positional_embedding"],
  [/^final_layer_norm\./, "ln_final."],
  [/^encoder\.layers\./, "transformer.resblocks."],
  [/\.layer_norm([12])\./, ".ln_$1."],
  [/\.self_attn\./, ".attn."],
  [/\.mlp\.fc1\./, ".mlp.c_fc."],
  [/\.mlp\.fc2\./, ".mlp.c_proj."],
];

/** Queries, keys and values are one matrix there (see `openClipTensors`). */
export const ldmOpenClipNames = (name: string): readonly string[] => [
  LDM_OPEN_CLIP + renamed(name, OPEN_CLIP_RULES),
];
