/** @file A model opened for one pass at a time: its text encoder, packed K/V projection and UNet as sessions. */
import { StudioError } from "../core/errors.ts";
import { decodeModel } from "../core/onnx/codec.ts";
import { graphFromModel } from "../core/onnx/from-proto.ts";
import type { Graph } from "../core/onnx/graph.ts";
import { materialiseFloat32 } from "../core/onnx/materialise.ts";
import { packedKvWeights } from "../core/surgery/kv-layout.ts";
import { EMBEDS_INPUT, prepareTextEncoder } from "../core/surgery/text-encoder.ts";
import { TIME_INPUT } from "../core/surgery/time-features.ts";
import { prepareUnet, type Unet } from "../core/surgery/unet.ts";
import { KV_INPUT } from "../core/surgery/expose-kv.ts";
import { CLIP_TOKENS, ClipTokenizer, type TokenizedPrompt } from "../core/text/clip-tokenizer.ts";
import { externalReader, type ModelFiles, readJson, readRequired } from "../hub/model-files.ts";
import type { OpenProgress } from "../rpc/contracts.ts";
import { kvProjectionGraph } from "./kv-projection-graph.ts";
import type { Runtime } from "./ort/runtime.ts";
import { type HostTensor, Session } from "./ort/session.ts";

export interface OpenModel {
  readonly unet: Unet;
  /** Bytes read. */
  readonly bytes: number;
  /** Nodes of the UNet as exported. */
  readonly exportedNodes: number;
  tokenize(prompt: string): TokenizedPrompt;
  /** Text features [1, 77, E] of one prompt's ids. */
  encodeText(ids: Int32Array): Promise<HostTensor>;
  /** Packed keys and values [1, 77, S] of text features; once a prompt. */
  projectKv(hidden: HostTensor): Promise<HostTensor>;
  /** The UNet's prediction for latents [1, 4, H, W] at one timestep. */
  predict(latents: HostTensor, timestep: number, kv: HostTensor): Promise<HostTensor>;
  close(): Promise<void>;
}

type OnProgress = (progress: OpenProgress) => void;

/**
 * Opens a model folder in optimum's ONNX layout.
 * @throws StudioError naming the file or the part that is wrong
 */
export async function openModel(
  files: ModelFiles,
  runtime: Runtime,
  onProgress: OnProgress = () => undefined,
): Promise<OpenModel> {
  const step = (stage: OpenProgress["stage"], part: string) => {
    onProgress({ stage, part, loaded: 0, total: 0 });
  };
  const config = await unetConfig(files);
  const tokenizer = new ClipTokenizer(
    await readJson(files, "tokenizer/tokenizer.json"),
    await readJson(files, "tokenizer/tokenizer_config.json"),
  );
  const text = await readGraph(files, "text_encoder", onProgress);
  const main = await readGraph(files, "unet", onProgress);

  step("surgery", "unet");
  const unet = prepareUnet(
    main.graph,
    {
      batch: 1,
      height: config.sampleSize,
      width: config.sampleSize,
      tokens: CLIP_TOKENS,
      textWidth: config.textWidth,
    },
    { blocks: config.blocks },
  );
  step("surgery", "text_encoder");
  const encoder = prepareTextEncoder(text.graph, { batch: 1, tokens: CLIP_TOKENS });

  const sessions: Session[] = [];
  const open = async (graph: Graph, folder: string, part: string): Promise<Session> => {
    step("session", part);
    const session = await Session.create(runtime, graph, externalReader(files, folder), {
      name: part,
    });
    sessions.push(session);
    return session;
  };
  const close = async (): Promise<void> => {
    for (const session of sessions.splice(0)) await session.release();
  };
  try {
    const textSession = await open(encoder.graph, "text_encoder", "text_encoder");
    const projection = kvProjectionGraph(unet.kv, { batch: 1, tokens: CLIP_TOKENS });
    const kvSession = await open(projection.graph, "unet", "kv_projection");
    const unetSession = await open(unet.graph, "unet", "unet");
    const packed: HostTensor = {
      dims: [unet.kv.textWidth, unet.kv.columns],
      data: await packedKvWeights(unet.kv, externalReader(files, "unet")),
    };
    const embeddings = await materialiseFloat32(
      encoder.embeddings,
      externalReader(files, "text_encoder"),
    );
    return {
      unet,
      bytes: text.bytes + main.bytes,
      exportedNodes: main.graph.nodes.length,
      tokenize: (prompt) => tokenizer.encode(prompt),
      encodeText: (ids) =>
        textSession.runOne({ [EMBEDS_INPUT]: embed(ids, embeddings, config.textWidth) }),
      projectKv: (hidden) =>
        kvSession.runOne({ [projection.features]: hidden, [projection.weights]: packed }),
      predict: (latents, timestep, kv) => {
        const time = unet.timeFeatures([timestep]);
        return unetSession.runOne({
          sample: latents,
          [TIME_INPUT]: { dims: [1, time.length], data: time },
          [KV_INPUT]: kv,
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rows of the embedding table [V, E] for one sequence of ids, as inputs_embeds [1, L, E]. */
function embed(ids: Int32Array, table: Float32Array, width: number): HostTensor {
  const data = new Float32Array(ids.length * width);
  ids.forEach((id, position) => {
    data.set(table.subarray(id * width, (id + 1) * width), position * width);
  });
  return { dims: [1, ids.length, width], data };
}

async function readGraph(
  files: ModelFiles,
  part: string,
  onProgress: OnProgress,
): Promise<{ readonly graph: Graph; readonly bytes: number }> {
  const path = `${part}/model.onnx`;
  const bytes = await readRequired(files, path, (loaded, total) => {
    onProgress({ stage: "download", part, loaded, total });
  });
  onProgress({ stage: "read", part, loaded: 0, total: 0 });
  return { graph: graphFromModel(decodeModel(bytes, `"${path}"`)), bytes: bytes.byteLength };
}

interface UnetConfig {
  /** Latent height and width. */
  readonly sampleSize: number;
  readonly textWidth: number;
  /** Cross-attention blocks that the topology has. */
  readonly blocks: number;
}

async function unetConfig(files: ModelFiles): Promise<UnetConfig> {
  const config = await readJson(files, "unet/config.json");
  const field = (name: string): unknown =>
    typeof config === "object" && config !== null
      ? (config as Readonly<Record<string, unknown>>)[name]
      : undefined;
  const sampleSize = field("sample_size");
  const textWidth = field("cross_attention_dim");
  const layers = field("layers_per_block");
  const down = field("down_block_types");
  const up = field("up_block_types");
  if (
    typeof sampleSize !== "number" ||
    typeof textWidth !== "number" ||
    typeof layers !== "number" ||
    !Array.isArray(down) ||
    !Array.isArray(up)
  ) {
    throw new StudioError(
      "model-unsupported",
      "The model's unet/config.json is not that of a Stable Diffusion 1.x or 2.x UNet (sample_size, cross_attention_dim, layers_per_block, down_block_types, up_block_types).",
    );
  }
  const attending = (types: readonly unknown[]): number =>
    types.filter((type) => String(type).startsWith("CrossAttn")).length;
  return {
    sampleSize,
    textWidth,
    blocks: attending(down) * layers + 1 + attending(up) * (layers + 1),
  };
}
