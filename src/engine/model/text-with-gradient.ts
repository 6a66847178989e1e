/** @file Captions to text features, and gradients of the features back to the rows of modifier tokens. */
import type { Graph } from "../../core/onnx/graph.ts";
import { halve } from "../../core/passes/halve.ts";
import {
  EMBEDS_INPUT,
  textEncoderGradient,
  UPSTREAM_INPUT,
} from "../../core/surgery/text-encoder.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import { hostData, type HostTensor, isOnDevice } from "../tensor.ts";
import type { Model } from "./read-model.ts";
import { addEmbedGradient, embed } from "./text.ts";

type Tensors = Readonly<Record<string, HostTensor>>;

export interface EncodedText {
  /** c [1, L, E]. */
  readonly features: Float32Array;
  /** What the gradient begins with. */
  readonly kept: Tensors;
}

export interface TextWithGradient {
  /** @param rows embeddings [n, E] of the modifier tokens, whose ids follow the vocabulary's */
  encode(ids: Int32Array, rows: Float32Array): Promise<EncodedText>;
  /** Adds to `sum` [n, E] the gradient of the rows, given that of the caption's features dc [1, L, E]. */
  addRowGradient(
    sum: Float32Array,
    ids: Int32Array,
    kept: Tensors,
    dFeatures: HostTensor,
  ): Promise<void>;
  release(): Promise<void>;
}

export async function openTextWithGradient(
  model: Model,
  runtime: Runtime,
): Promise<TextWithGradient> {
  const { forward, backward, hidden, gradient } = graphsFor(model, runtime);
  const reader = model.reader("text_encoder");
  const encoder = await Session.create(runtime, forward, reader, {
    name: "the text encoder",
    repeated: true,
  });
  const differentiator = await Session.create(runtime, backward, reader, {
    name: "the text encoder's gradient",
    onDevice: [hidden],
    repeated: true,
  });
  const begin = new Set(backward.inputs.map(({ name }) => name));
  return {
    async encode(ids, rows) {
      const feeds = { [EMBEDS_INPUT]: embed(model, ids, rows) };
      const known: Tensors = { ...feeds, ...(await encoder.run(feeds)) };
      const kept = Object.entries(known).filter(([name]) => begin.has(name));
      const features = Float32Array.from(hostData(known[hidden]));
      return { features, kept: Object.fromEntries(kept) };
    },
    async addRowGradient(sum, ids, kept, dFeatures) {
      const results = await differentiator.runOnDevice({ ...kept, [UPSTREAM_INPUT]: dFeatures });
      // The hidden state is of no use; left on the GPU, it is not waited for.
      const again = results[hidden];
      if (again !== undefined && isOnDevice(again)) again.dispose();
      addEmbedGradient(model, sum, ids, hostData(results[gradient]));
    },
    async release() {
      await encoder.release();
      await differentiator.release();
    },
  };
}

interface Graphs {
  readonly forward: Graph;
  readonly backward: Graph;
  readonly hidden: string;
  readonly gradient: string;
}

/** On a GPU the gradient begins with the caption once more: what is kept would have to come back from there and return. */
function graphsFor({ textEncoder }: Model, { device, fused, optimisations }: Runtime): Graphs {
  const whole = textEncoderGradient(textEncoder, fused);
  const { hidden, gradient } = whole;
  if (device !== null || !optimisations.has("short-text-gradients")) {
    return { forward: textEncoder.graph, backward: whole.graph, hidden, gradient };
  }
  const { before, after } = halve(whole.graph, UPSTREAM_INPUT);
  return { forward: before, backward: after, hidden, gradient };
}
