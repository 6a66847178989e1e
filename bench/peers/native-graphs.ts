/** @file The graphs that a piece of work runs, as ONNX files for native onnxruntime: what our sessions are made of, and no more. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { encodeModel } from "../../src/core/onnx/codec.ts";
import type { Graph } from "../../src/core/onnx/graph.ts";
import { type ExternalReader, materialise } from "../../src/core/onnx/materialise.ts";
import { NOTHING_FUSED } from "../../src/core/passes/fuse.ts";
import { modelFromGraph } from "../../src/core/onnx/to-proto.ts";
import { textEncoderGradient } from "../../src/core/surgery/text-encoder.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { studioGraph } from "../studio-graph.ts";
import { trainingSamples } from "../work/samples.ts";
import type { WorkSpec } from "../work/spec.ts";

/** Files by what they are, and how much of the rest a step takes. */
export interface NativeWork {
  readonly graphs: Readonly<Record<string, string>>;
  /** Captions with a new word, each of which the text encoder reads in every step. */
  readonly captions?: number;
}

/** @returns null for work that has nothing to do with graphs */
export async function nativeWork(
  spec: WorkSpec,
  model: Model,
  runtime: Runtime,
  folder: string,
): Promise<NativeWork | null> {
  const write = async (name: Parameters<typeof studioGraph>[1], batch: number): Promise<string> => {
    // Native onnxruntime has none of the studio's own operators.
    const plain = { ...runtime, fused: NOTHING_FUSED };
    const { graph, read } = await studioGraph(model, name, batch, plain);
    return writeGraph(graph, read, path.join(folder, `${name}-${batch}`));
  };
  switch (spec.work) {
    case "forward":
      return { graphs: { unet: await write("unet", spec.batch) } };
    case "decode":
      return { graphs: { decoder: await write("vae_decoder", 1) } };
    case "image":
      return {
        graphs: {
          text: await write("text_encoder", 1),
          // Guidance: with the prompt and without.
          unet: await write("unet", 2),
          decoder: await write("vae_decoder", 1),
        },
      };
    case "training_step": {
      const gradient = textEncoderGradient(model.textEncoder).graph;
      const reader = model.reader("text_encoder");
      const targets = trainingSamples(model, spec.batch, spec.concepts ?? 1).filter(
        ({ kind }) => kind === "target",
      );
      return {
        graphs: {
          text: await write("text_encoder", 1),
          text_gradient: await writeGraph(gradient, reader, path.join(folder, "text-gradient")),
          training: await write("training", spec.batch),
        },
        captions: new Set(targets.map(({ caption }) => caption)).size,
      };
    }
    case "open":
    case "merge":
      return null;
  }
}

/** Writes the graph, and each large weight beside it; gives the file's path. */
async function writeGraph(graph: Graph, read: ExternalReader, folder: string): Promise<string> {
  const { model, external } = modelFromGraph(graph);
  await mkdir(folder, { recursive: true });
  for (const { path: name, constant } of external) {
    await writeFile(path.join(folder, name), await materialise(constant, read));
  }
  const file = path.join(folder, "model.onnx");
  await writeFile(file, encodeModel(model));
  return file;
}
