/** @file A single file's parts: whose they are, and their graphs. */
import { StudioError } from "../errors.ts";
import type { Constant } from "../onnx/constant.ts";
import type { Graph } from "../onnx/graph.ts";
import { byteSize } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Config } from "./config-reader.ts";
import {
  LDM_CLIP,
  LDM_OPEN_CLIP,
  LDM_UNET,
  LDM_VAE,
  ldmClipNames,
  ldmOpenClipNames,
  ldmUnetNames,
  ldmVaeNames,
} from "./ldm-names.ts";
import { type BuiltPart, namedPartGraph } from "./part-graph.ts";
import type { StoredTensors } from "./weights.ts";

/** @throws as `partGraph` */
export function checkpointGraph(
  part: BuiltPart,
  config: Config,
  tensors: StoredTensors,
  where: string,
): Graph {
  const openClip = part === "text_encoder" && hasOpenClip(tensors);
  const all = openClip ? openClipTensors(tensors) : tensors;
  const { names, own } = openClip
    ? { names: ldmOpenClipNames, own: openClipOwn(config) }
    : RULES[part](config);
  return namedPartGraph(part, config, { tensors: all, names, own, where });
}

interface Naming {
  readonly names: (name: string) => readonly string[];
  /** Of the file's tensors those that this part has to know. */
  readonly own: (name: string) => boolean;
}

const RULES: Readonly<Record<BuiltPart, (config: Config) => Naming>> = {
  unet: ({ layers_per_block: layers }) => ({
    names: ldmUnetNames(typeof layers === "number" ? layers : 2),
    own: (name) => name.startsWith(LDM_UNET),
  }),
  text_encoder: () => ({
    names: ldmClipNames,
    own: (name) =>
      name.startsWith(LDM_CLIP) &&
      /\.(?:encoder|final_layer_norm)\./.test(name.slice(LDM_CLIP.length - 1)),
  }),
  vae_encoder: (config) => ({
    names: ldmVaeNames(levelsOf(config)),
    own: (name) => new RegExp(`^${LDM_VAE}(?:encoder|quant_conv)\\.`).test(name),
  }),
  vae_decoder: (config) => ({
    names: ldmVaeNames(levelsOf(config)),
    own: (name) => new RegExp(`^${LDM_VAE}(?:decoder|post_quant_conv)\\.`).test(name),
  }),
};

function levelsOf({ block_out_channels: channels }: Config): number {
  return Array.isArray(channels) ? channels.length : 0;
}

export function hasOpenClip(tensors: StoredTensors): boolean {
  return tensors.has(`${LDM_OPEN_CLIP}positional_embedding`);
}

/** Stable Diffusion 2.x reads what OpenCLIP's last layer but one gives: the last is in the file, and of no use. */
function openClipOwn({ num_hidden_layers: layers }: Config): (name: string) => boolean {
  return (name) => {
    const block = /^cond_stage_model\.model\.transformer\.resblocks\.(\d+)\./.exec(name)?.[1];
    return block !== undefined && Number(block) < Number(layers);
  };
}

const FUSED = /^(.*\.attn\.)in_proj_(weight|bias)$/;

/** The tensors with queries, keys and values apart: PyTorch's MultiheadAttention has them one below the other. */
function openClipTensors(tensors: StoredTensors): StoredTensors {
  const apart = new Map<string, Constant>();
  for (const [name, constant] of tensors) {
    const [, before, kind] = FUSED.exec(name) ?? [];
    if (before === undefined || kind === undefined) apart.set(name, constant);
    else {
      ["q", "k", "v"].forEach((role, i) => {
        apart.set(`${before}${role}_proj.${kind}`, thirdOf(constant, i, name));
      });
    }
  }
  return apart;
}

function thirdOf(constant: Constant, i: number, name: string): Constant {
  const { data, dtype } = constant;
  const [rows = 0, ...rest] = constant.dims;
  if (data.kind !== "external" || rows % 3 !== 0) {
    throw new StudioError("model-corrupt", `"${name}" is not queries, keys and values together.`);
  }
  const dims = [rows / 3, ...rest];
  const length = elementCount(dims) * byteSize(dtype);
  return { dtype, dims, data: { ...data, offset: data.offset + i * length, length } };
}
