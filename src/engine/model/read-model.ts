/** @file A model that is read and understood: its configuration, tokenizer, graphs, and the weights that concepts change. */
import { decodeModel } from "../../core/onnx/codec.ts";
import { graphFromModel } from "../../core/onnx/from-proto.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { type ExternalReader, materialiseFloat32 } from "../../core/onnx/materialise.ts";
import { EVERY_OPTIMISATION, type Optimisations } from "../../core/optimisations.ts";
import { packedKvWeights } from "../../core/surgery/kv-layout.ts";
import { prepareTextEncoder, type TextEncoder } from "../../core/surgery/text-encoder.ts";
import { prepareUnet, type Unet } from "../../core/surgery/unet.ts";
import { CLIP_TOKENS, ClipTokenizer } from "../../core/text/clip-tokenizer.ts";
import { externalReader, type ModelFiles, readJson, readRequired } from "../../hub/model-files.ts";
import type { OpenProgress } from "../../rpc/contracts.ts";
import { type ModelConfig, readInitialisers, readModelConfig } from "./config.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** Pixels a latent, along each side, in every Stable Diffusion 1.x and 2.x. */
const PIXELS_PER_LATENT = 8;

export type OnProgress = (progress: OpenProgress) => void;

export interface Model {
  /** What people call it: the name of its folder. */
  readonly id: string;
  readonly files: ModelFiles;
  readonly config: ModelConfig;
  readonly tokenizer: ClipTokenizer;
  /** Ids of the tokens that modifier tokens start from. */
  readonly initialisers: readonly number[];
  /** Names the frozen weights that a concept is a difference to. */
  readonly fingerprint: string;
  /** The UNet for one latent: where the layout of K/V is read off. */
  readonly unet: Unet;
  /** Frozen key and value weights, packed [E, S]. */
  readonly kvWeights: Float32Array;
  /** Text encoder for one caption. */
  readonly textEncoder: TextEncoder;
  /** Token embeddings [V, E]. */
  readonly embeddings: Float32Array;
  /** V, number of tokens that the embeddings have; modifier tokens come after. */
  readonly vocabularySize: number;
  /** Bytes read so far. */
  readonly bytes: number;
  /** Nodes of the UNet as exported. */
  readonly exportedNodes: number;
  /** The UNet for a batch of latents, the face mode's projections exposed on request. */
  unetOf(batch: number, queryOut?: boolean): Unet;
  /** The text encoder for several captions, which may be shorter than 77 tokens. */
  textEncoderOf(batch: number, tokens: number): TextEncoder;
  /** Reads a part's external data. */
  reader(part: ModelPart): ExternalReader;
}

/** Height and width, in pixels, of the pictures that a model reads and paints. */
export function pictureSize({ config }: Pick<Model, "config">): number {
  return config.sampleSize * PIXELS_PER_LATENT;
}

export type ModelPart = "unet" | "text_encoder" | "vae_encoder" | "vae_decoder";

/**
 * Reads a model folder in optimum's ONNX layout; no session is made yet.
 * @throws StudioError naming the file or the part that is wrong
 */
export async function readModel(
  id: string,
  files: ModelFiles,
  onProgress: OnProgress = () => undefined,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Promise<Model> {
  const config = await readModelConfig(files);
  const tokenizer = new ClipTokenizer(
    await readJson(files, "tokenizer/tokenizer.json"),
    await readJson(files, "tokenizer/tokenizer_config.json"),
  );
  const initialisers = await readInitialisers(files, tokenizer);
  const text = await readGraph(files, "text_encoder", onProgress);
  const main = await readGraph(files, "unet", onProgress);
  const reader = (part: ModelPart): ExternalReader => externalReader(files, part);

  const unetOf = (batch: number, queryOut = false): Unet => {
    onProgress({ stage: "surgery", part: "unet", loaded: 0, total: 0 });
    const { sampleSize: size, textWidth, blocks } = config;
    return prepareUnet(
      main.graph,
      { batch, height: size, width: size, tokens: CLIP_TOKENS, textWidth },
      { blocks, queryOut, simplify: optimisations.has("simplified-graphs") },
    );
  };
  const unet = unetOf(1);
  onProgress({ stage: "surgery", part: "text_encoder", loaded: 0, total: 0 });
  const textEncoder = prepareTextEncoder(text.graph, { batch: 1, tokens: CLIP_TOKENS });
  const kvWeights = await packedKvWeights(unet.kv, reader("unet"));
  const embeddings = await materialiseFloat32(textEncoder.embeddings, reader("text_encoder"));
  return {
    id,
    files,
    config,
    tokenizer,
    initialisers,
    fingerprint: await fingerprintOf(kvWeights, unet.kv),
    unet,
    kvWeights,
    textEncoder,
    embeddings,
    vocabularySize: embeddings.length / config.textWidth,
    bytes: text.bytes + main.bytes,
    exportedNodes: main.graph.nodes.length,
    unetOf,
    textEncoderOf: (batch, tokens) => prepareTextEncoder(text.graph, { batch, tokens }),
    reader,
  };
}

/** One part's graph. */
export async function readGraph(
  files: ModelFiles,
  part: ModelPart,
  onProgress: OnProgress = () => undefined,
): Promise<{ readonly graph: Graph; readonly bytes: number }> {
  const path = `${part}/model.onnx`;
  const bytes = await readRequired(files, path, (loaded, total) => {
    onProgress({ stage: "download", part, loaded, total });
  });
  onProgress({ stage: "read", part, loaded: 0, total: 0 });
  return { graph: graphFromModel(decodeModel(bytes, `"${path}"`)), bytes: bytes.byteLength };
}
