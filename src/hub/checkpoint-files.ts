/** @file What a single file lacks to be a model: configurations by its tensors' shapes, and CLIP's tokenizer. */
import { type CheckpointOptions, checkpointConfigs } from "../core/build/checkpoint-config.ts";
import { hasOpenClip } from "../core/build/checkpoint.ts";
import { clipTokenizerConfig } from "../core/build/published-configs.ts";
import { StudioError } from "../core/errors.ts";
import { clipTokenizerJson } from "../core/text/clip-tokenizer-json.ts";
import { clipVocabulary } from "../core/text/clip-vocabulary.ts";
import { CHECKPOINT } from "./checkpoint-layout.ts";
import type { ModelFiles } from "./model-files.ts";
import { readTensors } from "./stored-tensors.ts";

/** Where CLIP's merges lie in the app, packed. */
export const CLIP_MERGES = "tokenizers/clip/merges.txt.gz";

/**
 * The JSON files of a model, by path, whose weights are `CHECKPOINT`.
 * @param name of the file, in errors
 * @param files that have `CHECKPOINT`, and perhaps studio.json
 * @param merges contents of `CLIP_MERGES`
 * @throws StudioError "model-unsupported" or "model-corrupt" where it is no such model
 */
export async function checkpointFiles(
  name: string,
  files: ModelFiles,
  merges: Uint8Array,
): Promise<Map<string, unknown>> {
  const found = await readTensors(files, CHECKPOINT);
  if (found === null) throw new StudioError("internal", `There is no "${CHECKPOINT}".`);
  const options = checkpointOptions(await files.read("studio.json"));
  const { unet, textEncoder, vae, scheduler } = checkpointConfigs(found.tensors, name, options);
  const text = await unpacked(merges);
  return new Map<string, unknown>([
    ["unet/config.json", unet],
    ["text_encoder/config.json", textEncoder],
    ["vae/config.json", vae],
    ["scheduler/scheduler_config.json", scheduler],
    ["tokenizer/tokenizer.json", clipTokenizerJson(JSON.stringify(clipVocabulary(text)), text)],
    ["tokenizer/tokenizer_config.json", clipTokenizerConfig(hasOpenClip(found.tensors))],
  ]);
}

/** What studio.json says of a checkpoint: {"checkpoint": {"prediction": "epsilon", "pixels": 512}}. */
function checkpointOptions(studio: Uint8Array | null): CheckpointOptions {
  if (studio === null) return {};
  const wrong = (): StudioError =>
    new StudioError(
      "invalid-input",
      'studio.json beside a checkpoint may have {"checkpoint": {"prediction": "epsilon" or "v_prediction", "pixels": 512}}, and has something else; correct it, or leave it out.',
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(studio));
  } catch {
    throw wrong();
  }
  const { checkpoint = {} } = { ...(parsed as { readonly checkpoint?: unknown }) };
  const { prediction, pixels } = {
    ...(checkpoint as { readonly prediction?: unknown; readonly pixels?: unknown }),
  };
  const known =
    prediction === undefined || prediction === "epsilon" || prediction === "v_prediction";
  // Latents are halved three times.
  const fits =
    pixels === undefined ||
    (typeof pixels === "number" && Number.isInteger(pixels) && pixels > 0 && pixels % 64 === 0);
  if (!known || !fits) throw wrong();
  return {
    ...(prediction !== undefined && { prediction }),
    ...(pixels !== undefined && { pixels }),
  };
}

/** Servers may have unpacked it on the way. */
async function unpacked(bytes: Uint8Array): Promise<string> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  const packed = new Blob([new Uint8Array(bytes)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
}
