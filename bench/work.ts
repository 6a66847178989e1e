/** @file What is measured: a forward pass, or a training step, of the default model's UNet at a batch size. */
import { decodeModel } from "../src/core/onnx/codec.ts";
import { graphFromModel } from "../src/core/onnx/from-proto.ts";
import type { Graph } from "../src/core/onnx/graph.ts";
import { normal } from "../src/core/random/normal.ts";
import { trainingGraph } from "../src/core/surgery/training-graph.ts";
import { prepareUnet } from "../src/core/surgery/unet.ts";
import { elementCount } from "../src/core/tensor/shape.ts";
import { CLIP_TOKENS } from "../src/core/text/clip-tokenizer.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { type HostTensor, Session } from "../src/engine/ort/session.ts";
import { folderFiles } from "../src/hub/folder-files.ts";
import { externalReader, readRequired } from "../src/hub/model-files.ts";

export interface Work {
  readonly kind: "forward" | "step";
  readonly batch: number;
}

export const MODEL = new URL("../public/models/toybox-256", import.meta.url).pathname;

/** Shape of the default model. */
const SHAPE = { height: 32, width: 32, tokens: CLIP_TOKENS, textWidth: 256 } as const;

export interface Measured {
  readonly nodes: number;
  /** Milliseconds to prepare the graph and the session. */
  readonly prepared: number;
  /** Milliseconds of one run. */
  run(): Promise<number>;
  release(): Promise<void>;
}

/** The graph of a piece of work. */
async function graphOf({ batch, kind }: Work): Promise<Graph> {
  const bytes = await readRequired(folderFiles(MODEL), "unet/model.onnx");
  const unet = prepareUnet(graphFromModel(decodeModel(bytes)), { batch, ...SHAPE }, { blocks: 16 });
  return kind === "forward" ? unet.graph : trainingGraph(unet).graph;
}

export async function prepare(runtime: Runtime, work: Work): Promise<Measured> {
  const start = performance.now();
  const graph = await graphOf(work);
  const read = externalReader(folderFiles(MODEL), "unet");
  const session = await Session.create(runtime, graph, read, { name: work.kind });
  const feeds: Record<string, HostTensor> = {};
  graph.inputs.forEach(({ name, dims }, i) => {
    const sizes = dims.map(Number);
    feeds[name] = { dims: sizes, data: normal(i + 1, elementCount(sizes)) };
  });
  return {
    nodes: graph.nodes.length,
    prepared: performance.now() - start,
    async run() {
      const began = performance.now();
      await session.run(feeds);
      return performance.now() - began;
    },
    release: () => session.release(),
  };
}
