/** @file Names of one parameter in two worlds, against the table of the original's convert.py. */
import { describe, expect, it } from "vitest";
import { crossAttentionNames } from "../concept/layer-names.ts";
import { fromCompvisName, isProjection, toCompvisName } from "./parameter-names.ts";

/** Of Stable Diffusion 1.x. */
const TABLE = [
  ["down_blocks.0.attentions.0", "input_blocks.1.1"],
  ["down_blocks.0.attentions.1", "input_blocks.2.1"],
  ["down_blocks.1.attentions.0", "input_blocks.4.1"],
  ["down_blocks.1.attentions.1", "input_blocks.5.1"],
  ["down_blocks.2.attentions.0", "input_blocks.7.1"],
  ["down_blocks.2.attentions.1", "input_blocks.8.1"],
  ["mid_block.attentions.0", "middle_block.1"],
  ["up_blocks.1.attentions.0", "output_blocks.3.1"],
  ["up_blocks.1.attentions.1", "output_blocks.4.1"],
  ["up_blocks.1.attentions.2", "output_blocks.5.1"],
  ["up_blocks.2.attentions.0", "output_blocks.6.1"],
  ["up_blocks.2.attentions.1", "output_blocks.7.1"],
  ["up_blocks.2.attentions.2", "output_blocks.8.1"],
  ["up_blocks.3.attentions.0", "output_blocks.9.1"],
  ["up_blocks.3.attentions.1", "output_blocks.10.1"],
  ["up_blocks.3.attentions.2", "output_blocks.11.1"],
] as const;

describe("Stable Diffusion 1.x", () => {
  const names = crossAttentionNames({
    downBlocks: ["CrossAttn", "CrossAttn", "CrossAttn", "Down"],
    upBlocks: ["Up", "CrossAttn", "CrossAttn", "CrossAttn"],
    layersPerBlock: 2,
  });

  it("has the blocks of the table", () => {
    expect(names).toEqual(TABLE.map(([name]) => `${name}.transformer_blocks.0.attn2`));
  });

  it.each(TABLE)("%s is %s, and back", (diffusers, compvis) => {
    for (const role of ["to_k.weight", "to_v.weight", "to_q.weight", "to_out.0.bias"]) {
      const name = `${diffusers}.transformer_blocks.0.attn2.${role}`;
      const other = `model.diffusion_model.${compvis}.transformer_blocks.0.attn2.${role}`;
      expect(toCompvisName(name, 2)).toBe(other);
      expect(fromCompvisName(other, 2)).toBe(name);
      expect(fromCompvisName(other.replace("model.diffusion_model.", ""), 2)).toBe(name);
    }
  });

  it.each([
    "model.diffusion_model.input_blocks.0.1.transformer_blocks.0.attn2.to_k.weight",
    "model.diffusion_model.input_blocks.3.1.transformer_blocks.0.attn2.to_k.weight",
    "model.diffusion_model.input_blocks.1.0.transformer_blocks.0.attn2.to_k.weight",
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_k.weight",
    "model.diffusion_model.input_blocks.1.1.proj_in.weight",
    "model.diffusion_model.out.0.weight",
    "embed",
    "",
  ])("%j is no layer of cross-attention", (name) => {
    expect(fromCompvisName(name, 2)).toBe(null);
    expect(isProjection(name)).toBe(false);
    expect(toCompvisName(name, 2)).toBe(null);
  });
});

it("counts with as many layers a block as there are", () => {
  const name = "down_blocks.2.attentions.0.transformer_blocks.0.attn2.to_k.weight";
  const other = toCompvisName(name, 1)!;
  expect(other).toContain("input_blocks.5.1.");
  expect(fromCompvisName(other, 1)).toBe(name);
});
