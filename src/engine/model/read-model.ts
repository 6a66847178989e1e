/** @file A model that is read and understood: its configuration, tokenizer, graphs, and the weights that concepts change. */
import { StudioError } from "../../core/errors.ts";
import { decodeModel } from "../../core/onnx/codec.ts";
import { graphFromModel } from "../../core/onnx/from-proto.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { type ExternalReader, materialiseFloat32 } from "../../core/onnx/materialise.ts";
import { EVERY_OPTIMISATION, type Optimisations } from "../../core/optimisations.ts";
import { packedKvWeights } from "../../core/surgery/kv-layout.ts";
import { prepareTextEncoder, type TextEncoder } from "../../core/surgery/text-encoder.ts";
import { prepareUnet, type Unet } from "../../core/surgery/unet.ts";
import { CLIP_TOKENS, ClipTokenizer } from "../../core/text/clip-tokenizer.ts";
import { externalReader, type ModelFiles, readJson } from "../../hub/model-files.ts";
import { weightFilesOf } from "../../hub/weight-files.ts";
import { type ModelConfig, readInitialisers, readModelConfig } from "./config.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type OnProgress, OpenReport } from "./open-report.ts";

/** Pixels a latent, along each side, in every Stable Diffusion 1.x and 2.x. */
const PIXELS_PER_LATENT = 8;

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

/** What is known of a model before its graphs are read. */
export type ModelBasis = Pick<
  Model,
  "id" | "files" | "config" | "tokenizer" | "initialisers" | "reader"
>;

/** What its text encoder needs. */
export type TextPart = Pick<
  Model,
  "config" | "reader" | "textEncoder" | "embeddings" | "vocabularySize" | "textEncoderOf"
>;

/** A model that is being read, all files at once: each part is there as early as it can be. */
export interface Reading {
  readonly report: OpenReport;
  readonly basis: Promise<ModelBasis>;
  readonly text: Promise<TextPart>;
  readonly model: Promise<Model>;
  /** One more part's graph. */
  graph(part: ModelPart): Promise<ReadGraph>;
}

export interface ReadGraph {
  readonly graph: Graph;
  readonly bytes: number;
}

/** Begins to read a model folder in optimum's ONNX layout; no session is made yet. */
export function startReading(
  id: string,
  files: ModelFiles,
  onProgress: OnProgress = () => undefined,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Reading {
  const report = new OpenReport(onProgress);
  const graph = (part: ModelPart): Promise<ReadGraph> => readGraph(files, part, report);
  // The largest last: it is the one that the others need not wait for.
  const textGraph = graph("text_encoder");
  const unetGraph = graph("unet");
  const basis = readBasis(id, files);
  const text = basis.then(async (known) => readText(known, (await textGraph).graph, report));
  const model = (async (): Promise<Model> => {
    // What is wrong with the folder as a whole is said before what is wrong with a part.
    const known = await basis;
    const main = await unetGraph;
    const unet = await readUnet(known, main.graph, report, optimisations);
    const bytes = (await textGraph).bytes + main.bytes;
    return { ...known, ...(await text), ...unet, bytes };
  })();
  // Whoever waits for one of them hears of what is wrong; of the others nobody has to.
  for (const one of [basis, text, model, textGraph, unetGraph]) one.catch(() => undefined);
  return { report, basis, text, model, graph };
}

/**
 * Reads a model folder in optimum's ONNX layout; no session is made yet.
 * @throws StudioError naming the file or the part that is wrong
 */
export function readModel(...of: Parameters<typeof startReading>): Promise<Model> {
  return startReading(...of).model;
}

/** A model that was read earlier. */
export function wasRead(model: Model): Reading {
  const it = Promise.resolve(model);
  const report = new OpenReport(() => undefined);
  const graph = (part: ModelPart): Promise<ReadGraph> => readGraph(model.files, part);
  return { report, basis: it, text: it, model: it, graph };
}

async function readBasis(id: string, files: ModelFiles): Promise<ModelBasis> {
  const tokenizerFiles = Promise.all([
    readJson(files, "tokenizer/tokenizer.json"),
    readJson(files, "tokenizer/tokenizer_config.json"),
  ]);
  tokenizerFiles.catch(() => undefined);
  const config = await readModelConfig(files);
  const [json, settings] = await tokenizerFiles;
  const tokenizer = new ClipTokenizer(json, settings);
  const initialisers = await readInitialisers(files, tokenizer);
  const reader = (part: ModelPart): ExternalReader => externalReader(files, part);
  return { id, files, config, tokenizer, initialisers, reader };
}

async function readText(
  { config, reader }: ModelBasis,
  exported: Graph,
  report: OpenReport,
): Promise<TextPart> {
  report.stage("surgery", "text_encoder");
  const textEncoderOf = (batch: number, tokens: number): TextEncoder =>
    prepareTextEncoder(exported, { batch, tokens });
  const textEncoder = textEncoderOf(1, CLIP_TOKENS);
  const embeddings = await materialiseFloat32(textEncoder.embeddings, reader("text_encoder"));
  const vocabularySize = embeddings.length / config.textWidth;
  return { config, reader, textEncoder, embeddings, vocabularySize, textEncoderOf };
}

async function readUnet(
  { config, reader }: ModelBasis,
  exported: Graph,
  report: OpenReport,
  optimisations: Optimisations,
): Promise<Pick<Model, "unet" | "unetOf" | "kvWeights" | "fingerprint" | "exportedNodes">> {
  const unetOf = (batch: number, queryOut = false): Unet => {
    report.stage("surgery", "unet");
    const { sampleSize: size, textWidth, blocks } = config;
    return prepareUnet(
      exported,
      { batch, height: size, width: size, tokens: CLIP_TOKENS, textWidth },
      { blocks, queryOut, simplify: optimisations.has("simplified-graphs") },
    );
  };
  const unet = unetOf(1);
  const kvWeights = await packedKvWeights(unet.kv, reader("unet"));
  const fingerprint = await fingerprintOf(kvWeights, unet.kv);
  return { unet, unetOf, kvWeights, fingerprint, exportedNodes: exported.nodes.length };
}

/**
 * One part's graph: out of its ONNX file, or built from its weights where it has none.
 * @throws StudioError naming the file that is wrong, or the part that is not there
 */
export async function readGraph(
  files: ModelFiles,
  part: ModelPart,
  report?: OpenReport,
): Promise<ReadGraph> {
  const path = `${part}/model.onnx`;
  report?.asked(path);
  const bytes = await files
    .read(path, (loaded, total) => {
      report?.came(path, loaded, total);
    })
    .finally(() => report?.arrived(path));
  report?.stage("read", part);
  if (bytes !== null) {
    return { graph: graphFromModel(decodeModel(bytes, `"${path}"`)), bytes: bytes.byteLength };
  }
  // The default model is ONNX, and need not wait for the code that builds graphs.
  const { builtGraph } = await import("./built-graph.ts");
  const built = await builtGraph(files, part);
  if (built === null) throw missingPart(part);
  return built;
}

function missingPart(part: ModelPart): StudioError {
  if (part === "vae_encoder") {
    return new StudioError(
      "model-not-found",
      "The model has no VAE encoder, so it paints but cannot learn from photos; add its vae_encoder/model.onnx, or use a model that has it.",
    );
  }
  const weights = weightFilesOf(part).map(({ path }) => path);
  return new StudioError(
    "model-not-found",
    `The model has no file "${part}/model.onnx", nor ${weights.at(-2) ?? ""}; it should be a Hugging Face folder of diffusers, or in optimum's ONNX layout.`,
  );
}
