/** @file diffusers' names of a UNet's cross-attention layers, in the order in which a pass runs them. */

/** As unet/config.json says: down_block_types, up_block_types, layers_per_block. */
export interface BlockTopology {
  readonly downBlocks: readonly string[];
  readonly upBlocks: readonly string[];
  readonly layersPerBlock: number;
}

/**
 * "down_blocks.0.attentions.0.transformer_blocks.0.attn2", …, the mid block's, "up_blocks.1.…". An up block has one
 * layer more than `layersPerBlock` (diffusers: UNet2DConditionModel; one transformer layer an attention block, as in
 * Stable Diffusion 1.x and 2.x).
 */
export function crossAttentionNames(topology: BlockTopology): string[] {
  const { downBlocks, upBlocks, layersPerBlock } = topology;
  const within = (side: string, types: readonly string[], layers: number): string[] =>
    types.flatMap((type, block) =>
      type.startsWith("CrossAttn")
        ? Array.from({ length: layers }, (_, layer) => attn2(`${side}.${block}`, layer))
        : [],
    );
  return [
    ...within("down_blocks", downBlocks, layersPerBlock),
    attn2("mid_block", 0),
    ...within("up_blocks", upBlocks, layersPerBlock + 1),
  ];
}

function attn2(block: string, attention: number): string {
  return `${block}.attentions.${attention}.transformer_blocks.0.attn2`;
}
