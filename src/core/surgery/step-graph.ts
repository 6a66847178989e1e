/**
 * @file Everything of a training step that is differentiated, in one graph: captions with a modifier token through the
 * text encoder, keys and values of all captions, the training graph, and the gradients all the way back. What a step
 * computes and reads again stays where it is.
 */
import { int } from "../onnx/attributes.ts";
import { compose, nameIn, type Part } from "../onnx/compose.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { halve } from "../passes/halve.ts";
import { prune } from "../passes/prune.ts";
import { KV_INPUT } from "./expose-kv.ts";
import { QUERY_OUT_INPUT } from "./expose-query-out.ts";
import { kvBackwardGraph, kvForwardGraph } from "./kv-graphs.ts";
import { type TextEncoder, textEncoderGradient, UPSTREAM_INPUT } from "./text-encoder.ts";
import { trainingGraph, type TrainingGraphOptions } from "./training-graph.ts";
import type { Unet } from "./unet.ts";

export const FIXED_FEATURES_INPUT = "fixed_features";
export const WEIGHTS_INPUT = "weights";

export interface StepGraph {
  /**
   * Inputs: the training graph's but K/V; inputs_embeds [n, L, E] of the first samples' captions, fixed_features
   * [B - n, L, E] of the others', each where there are any; weights [E, S].
   */
  readonly graph: Graph;
  /** Share of each sample [B] in the loss. */
  readonly loss: string;
  /** Gradients times the loss scale: of the weights [E, S] where trained, and of what else is. */
  readonly weights: string | null;
  readonly queryOut: string | null;
  /** [n, L, E]; null without such captions. */
  readonly embeds: string | null;
}

export interface StepParts {
  readonly unet: Unet;
  /** For the captions that are encoded in the step; null where all features are given. */
  readonly encoder: TextEncoder | null;
  /** Whether the gradient of the weights is wanted. */
  readonly trainsWeights: boolean;
}

/** Both graphs are of the same operator set. */
export function stepGraph(
  { unet, encoder, trainsWeights }: StepParts,
  options: TrainingGraphOptions,
): StepGraph {
  const training = trainingGraph(unet, options);
  const { opset } = training.graph;
  const { textWidth, columns } = unet.kv;
  const { batch, tokens } = unet.shape;
  const shape = { batch, tokens, textWidth, columns, opset };
  const encoded = encoder?.graph.types.get(encoder.hidden)?.dims[0] ?? 0;

  const text = encoder === null ? null : textParts(encoder, options);
  const features = featuresGraph(shape, encoded);
  const gathered: Part = {
    graph: features.graph,
    prefix: "features/",
    given: text === null ? {} : { text_features: nameIn(text.before, text.hidden) },
  };
  const projection = kvForwardGraph(shape);
  const projected: Part = {
    graph: projection.graph,
    prefix: "kv/",
    given: { features: nameIn(gathered, features.all) },
  };
  const whole: Part = {
    graph: training.graph,
    prefix: "unet/",
    given: { [KV_INPUT]: nameIn(projected, projection.kv) },
  };
  const gradientOf = (input: string): string => training.gradients.get(input) ?? "";
  const back = kvBackwardGraph(shape, { trained: trainsWeights, wanted: encoded });
  const projectedBack: Part = {
    graph: back.graph,
    prefix: "kv_gradient/",
    given: {
      features: nameIn(gathered, features.detached),
      d_kv: nameIn(whole, gradientOf(KV_INPUT)),
      ...(features.encoded === null ? {} : { wanted: nameIn(gathered, features.encoded) }),
    },
  };
  const parts = [gathered, projected, whole, projectedBack];
  let embeds: string | null = null;
  if (text !== null && back.dFeatures !== null) {
    const detach = detachGraph(shape, encoded);
    const detached: Part = {
      graph: detach.graph,
      prefix: "detached/",
      given: { d_features: nameIn(projectedBack, back.dFeatures) },
    };
    const after = text.after(nameIn(detached, detach.detached));
    parts.unshift(text.before);
    parts.push(detached, after);
    embeds = nameIn(after, text.gradient);
  }
  const names = {
    loss: nameIn(whole, training.loss),
    weights: back.dWeights === null ? null : nameIn(projectedBack, back.dWeights),
    queryOut: unet.queryOut === undefined ? null : nameIn(whole, gradientOf(QUERY_OUT_INPUT)),
    embeds,
  };
  const outputs = Object.values(names).filter((name) => name !== null);
  return { graph: prune(compose(parts, outputs)), ...names };
}

interface Shape {
  readonly batch: number;
  readonly tokens: number;
  readonly textWidth: number;
  readonly opset: number;
}

/** The encoder's two passes, the second with what the first kept. */
function textParts(encoder: TextEncoder, { fused }: TrainingGraphOptions) {
  const { graph, hidden, gradient } = textEncoderGradient(encoder, fused);
  const { before, after, kept } = halve(graph, UPSTREAM_INPUT);
  const first: Part = { graph: before, prefix: "encoder/" };
  const given = Object.fromEntries(kept.map((name) => [name, nameIn(first, name)]));
  return {
    before: first,
    hidden,
    gradient,
    after: (upstream: string): Part => ({
      graph: after,
      prefix: "encoder_gradient/",
      given: { ...given, [UPSTREAM_INPUT]: upstream },
    }),
  };
}

/** Features of all samples, and the same without the start token's, which no gradient goes through. */
function featuresGraph({ batch, tokens, textWidth, opset }: Shape, encoded: number) {
  const emit = new Emitter(emptyGraph(opset));
  const input = (name: string, count: number): string[] =>
    count === 0 ? [] : [emit.input(name, { dtype: "float32", dims: [count, tokens, textWidth] })];
  const inputs = [
    ...input("text_features", encoded),
    ...input(FIXED_FEATURES_INPUT, batch - encoded),
  ];
  const [first = ""] = inputs;
  const all = inputs.length === 1 ? first : emit.op("Concat", inputs, { axis: int(0) });
  const detached = emit.op("Mul", [all, withoutStart(emit, tokens)]);
  const samples = Array.from({ length: encoded }, (_, i) => i);
  const numbers = emit.constant(constantOf("int32", [encoded], samples), "encoded");
  return {
    graph: emit.finish([all, detached]),
    all,
    detached,
    encoded: encoded === 0 ? null : numbers,
  };
}

function detachGraph({ tokens, textWidth, opset }: Shape, encoded: number) {
  const emit = new Emitter(emptyGraph(opset));
  const dims = [encoded, tokens, textWidth];
  const dFeatures = emit.input("d_features", { dtype: "float32", dims });
  const detached = emit.op("Mul", [dFeatures, withoutStart(emit, tokens)]);
  return { graph: emit.finish([detached]), detached };
}

/** [1, L, 1]: 0 for the start token, 1 for the others. */
function withoutStart(emit: Emitter, tokens: number): string {
  const ones = Array.from({ length: tokens }, (_, i) => Math.min(i, 1));
  return emit.constant(constantOf("float32", [1, tokens, 1], ones), "without_start");
}
