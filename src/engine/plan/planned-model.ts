/** @file The graphs of a model that a plan reckons with: of one that is open, or of a folder of which no weights are read. */
import type { TrainMode } from "../../core/concept/concept.ts";
import type { PlannedModel } from "../../core/plan/graphs.ts";
import { prepareTextEncoder } from "../../core/surgery/text-encoder.ts";
import { prepareUnet } from "../../core/surgery/unet.ts";
import { prepareVae } from "../../core/surgery/vae.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { ModelFiles } from "../../hub/model-files.ts";
import { readModelConfig } from "../model/config.ts";
import { type Model, pictureSize, readGraph } from "../model/read-model.ts";

/** @throws StudioError naming the file or the part that is wrong */
export async function plannedFolder(files: ModelFiles, train: TrainMode): Promise<PlannedModel> {
  const config = await readModelConfig(files);
  const [unet, text] = await Promise.all([
    readGraph(files, "unet"),
    readGraph(files, "text_encoder"),
  ]);
  const { sampleSize: size, textWidth, blocks } = config;
  const queryOut = train === "crossattn";
  return {
    unetOf: (batch) =>
      prepareUnet(
        unet.graph,
        { batch, height: size, width: size, tokens: CLIP_TOKENS, textWidth },
        { blocks, queryOut },
      ),
    textEncoder: prepareTextEncoder(text.graph, { batch: 1, tokens: CLIP_TOKENS }),
    ...(await vaeGraphs(files, { config })),
    trainsToken: train !== "kv",
  };
}

export async function plannedOpen(model: Model, train: TrainMode): Promise<PlannedModel> {
  return {
    unetOf: (batch) => model.unetOf(batch, train === "crossattn"),
    textEncoder: model.textEncoder,
    ...(await vaeGraphs(model.files, model)),
    trainsToken: train !== "kv",
  };
}

async function vaeGraphs(
  files: ModelFiles,
  model: Pick<Model, "config">,
): Promise<Pick<PlannedModel, "vaeEncoder" | "vaeDecoder">> {
  const pixels = pictureSize(model);
  const { sampleSize } = model.config;
  const [encoder, decoder] = await Promise.all([
    readGraph(files, "vae_encoder"),
    readGraph(files, "vae_decoder"),
  ]);
  return {
    vaeEncoder: prepareVae(encoder.graph, "vae_encoder", [1, 3, pixels, pixels]).graph,
    vaeDecoder: prepareVae(decoder.graph, "vae_decoder", [1, 4, sampleSize, sampleSize]).graph,
  };
}
