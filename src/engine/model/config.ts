/** @file What a model's configuration files say, as far as sampling and training need it. */
import type { BlockTopology } from "../../core/concept/layer-names.ts";
import {
  readSchedulerConfig,
  type SchedulerConfig,
} from "../../core/diffusion/scheduler-config.ts";
import { StudioError } from "../../core/errors.ts";
import type { ClipTokenizer } from "../../core/text/clip-tokenizer.ts";
import { type ModelFiles, readJson } from "../../hub/model-files.ts";

export interface ModelConfig {
  /** Latent height and width. */
  readonly sampleSize: number;
  /** Width E of the text features. */
  readonly textWidth: number;
  readonly topology: BlockTopology;
  /** Cross-attention blocks that the topology has. */
  readonly blocks: number;
  /** Latents are the VAE's times this. */
  readonly scalingFactor: number;
  readonly scheduler: SchedulerConfig;
}

/** diffusers' AutoencoderKL where the file says nothing (that of Stable Diffusion 1.x). */
const DEFAULT_SCALING_FACTOR = 0.18215;

/** @throws StudioError "model-unsupported" where the files describe another kind of model */
export async function readModelConfig(files: ModelFiles): Promise<ModelConfig> {
  const [unet, vae, scheduler] = await Promise.all([
    readJson(files, "unet/config.json").then(record),
    readVaeConfig(files),
    readJson(files, "scheduler/scheduler_config.json"),
  ]);
  const sampleSize = unet["sample_size"];
  const textWidth = unet["cross_attention_dim"];
  const layersPerBlock = unet["layers_per_block"];
  const downBlocks = unet["down_block_types"];
  const upBlocks = unet["up_block_types"];
  if (
    typeof sampleSize !== "number" ||
    typeof textWidth !== "number" ||
    typeof layersPerBlock !== "number" ||
    !isTexts(downBlocks) ||
    !isTexts(upBlocks)
  ) {
    throw new StudioError(
      "model-unsupported",
      "The model's unet/config.json is not that of a Stable Diffusion 1.x or 2.x UNet (sample_size, cross_attention_dim, layers_per_block, down_block_types, up_block_types).",
    );
  }
  const scalingFactor = vae["scaling_factor"] ?? DEFAULT_SCALING_FACTOR;
  if (typeof scalingFactor !== "number" || !(scalingFactor > 0)) {
    throw new StudioError(
      "model-unsupported",
      "The VAE's config.json has a scaling_factor that is not a positive number; fetch the file again.",
    );
  }
  const attending = (types: readonly string[]): number =>
    types.filter((type) => type.startsWith("CrossAttn")).length;
  return {
    sampleSize,
    textWidth,
    topology: { downBlocks, upBlocks, layersPerBlock },
    blocks: attending(downBlocks) * layersPerBlock + 1 + attending(upBlocks) * (layersPerBlock + 1),
    scalingFactor,
    scheduler: readSchedulerConfig(scheduler),
  };
}

/** Of the half that paints; diffusers keeps both halves in one folder. */
async function readVaeConfig(files: ModelFiles): Promise<Readonly<Record<string, unknown>>> {
  const half = "vae_decoder/config.json";
  const isOne = (await files.read(half)) === null && (await files.read("vae/config.json")) !== null;
  return record(await readJson(files, isOne ? "vae/config.json" : half));
}

/** Rare sub-words of CLIP's vocabulary that the paper starts its modifier tokens from (appendix C; diffusers). */
const RARE_TOKENS = ["ktn", "pll", "ucd"] as const;

/**
 * Ids of the tokens that V* starts from, the first for `<new1>`: the model's own choice (studio.json), or the paper's.
 * @throws StudioError "model-unsupported" where there is neither
 */
export async function readInitialisers(
  files: ModelFiles,
  tokenizer: ClipTokenizer,
): Promise<readonly number[]> {
  const own = await files.read("studio.json");
  if (own !== null) {
    const listed = record(await readJson(files, "studio.json"))["initializerTokens"];
    const chosen = Array.isArray(listed) ? listed.map((token) => record(token)["id"]) : [];
    if (chosen.length > 0 && chosen.every(isId)) return chosen;
  }
  const ids = RARE_TOKENS.map((token) => tokenizer.idOf(token)).filter((id) => id !== undefined);
  if (ids.length > 0) return ids;
  throw new StudioError(
    "model-unsupported",
    'The model does not say which token a new word starts from: its vocabulary has none of ktn, pll, ucd; add studio.json with {"initializerTokens": [{"id": N}]}, N a token that captions do not use.',
  );
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
