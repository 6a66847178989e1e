/** @file One part of a model as a graph, from its configuration and the tensors that its files hold. */
import { StudioError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Config } from "./config-reader.ts";
import { textNames, unetNames, vaeNames } from "./diffusers-names.ts";
import { textEncoderGraph } from "./text-encoder.ts";
import { unetGraph } from "./unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "./vae.ts";
import { type StoredTensors, storedWeights, type Weights } from "./weights.ts";

export type BuiltPart = "unet" | "text_encoder" | "vae_encoder" | "vae_decoder";

interface PartRule {
  readonly build: (config: Config, weights: Weights) => Graph;
  /** What diffusers' files call a parameter. */
  readonly names: (name: string) => readonly string[];
  /** Of the file's tensors those that this part has to know. */
  readonly own: RegExp;
}

const RULES: Readonly<Record<BuiltPart, PartRule>> = {
  unet: { build: unetGraph, names: unetNames, own: /./ },
  text_encoder: {
    build: textEncoderGraph,
    names: textNames,
    // Not the buffer of positions, nor what leads from text to CLIP's common space.
    own: /^(?:text_model\.)?(?:embeddings\.(?!position_ids$)|encoder\.|final_layer_norm\.)/,
  },
  vae_encoder: { build: vaeEncoderGraph, names: vaeNames, own: /^(?:encoder|quant_conv)\./ },
  vae_decoder: { build: vaeDecoderGraph, names: vaeNames, own: /^(?:decoder|post_quant_conv)\./ },
};

/**
 * Of diffusers' files.
 * @param where names the files in errors
 * @throws StudioError "model-unsupported" or "model-corrupt" where configuration and weights are not those of
 *   Stable Diffusion 1.x or 2.x, or not of each other
 */
export function partGraph(
  part: BuiltPart,
  config: Config,
  tensors: StoredTensors,
  where: string,
): Graph {
  const { names, own } = RULES[part];
  return namedPartGraph(part, config, { tensors, names, own: (name) => own.test(name), where });
}

export interface NamedTensors {
  readonly tensors: StoredTensors;
  /** What the file may call a parameter of diffusers or transformers. */
  readonly names: (name: string) => readonly string[];
  /** Whether a tensor of the file is one that the part has to know. */
  readonly own: (name: string) => boolean;
  readonly where: string;
}

/** The same of files that name their tensors in any way. */
export function namedPartGraph(
  part: BuiltPart,
  config: Config,
  { tensors, names, own, where }: NamedTensors,
): Graph {
  const stored = storedWeights(tensors, names, where);
  const graph = RULES[part].build(config, stored.weights);
  const [first, ...others] = stored.unread().filter(own);
  if (first === undefined) return graph;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  throw new StudioError(
    "model-unsupported",
    `${where} has parameters that its configuration has no place for ("${first}"${more}); the model is built otherwise than Stable Diffusion 1.x or 2.x, or its config.json belongs to another.`,
  );
}
