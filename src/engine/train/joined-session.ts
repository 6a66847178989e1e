/** @file A step's gradients from one session: captions, K/V and the training graph together (core/surgery/step-graph.ts). */
import { StudioError } from "../../core/errors.ts";
import { relocated } from "../../core/onnx/relocate.ts";
import { QUERY_OUT_INPUT } from "../../core/surgery/expose-query-out.ts";
import {
  FIXED_FEATURES_INPUT,
  type StepGraph,
  stepGraph,
  WEIGHTS_INPUT,
} from "../../core/surgery/step-graph.ts";
import { EMBEDS_INPUT } from "../../core/surgery/text-encoder.ts";
import type { Unet } from "../../core/surgery/unet.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { Model } from "../model/read-model.ts";
import { type Runtime, trainingGraphOptions } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";
import type { Sample } from "./draw.ts";
import { sampleFeeds } from "./sample-feeds.ts";

export interface JoinedInputs {
  /** Token embeddings [n, L, E] of the first samples' captions; null where n is 0. */
  readonly embeds: HostTensor | null;
  /** Text features [B - n, L, E] of the other samples' captions; null where there are none. */
  readonly features: HostTensor | null;
  /** K/V weights [E, S]. */
  readonly weights: HostTensor;
  /** In the face mode. */
  readonly queryOut: HostTensor | null;
  readonly lossScale: number;
}

export interface JoinedGradients {
  /** Shares of the samples [B] in the loss, their masked mean squared errors' mean. */
  readonly shares: HostTensor;
  /** Gradients times the loss scale, of what was asked for. */
  readonly weights: HostTensor | null;
  readonly queryOut: HostTensor | null;
  readonly embeds: HostTensor | null;
}

export interface JoinedShape {
  readonly batch: number;
  /** n, samples whose captions are encoded. */
  readonly encoded: number;
  readonly queryOut: boolean;
  readonly trainsWeights: boolean;
}

export class JoinedSession {
  readonly shape: JoinedShape;
  private readonly unet: Unet;
  private readonly step: StepGraph;
  private readonly session: Session;

  private constructor(shape: JoinedShape, unet: Unet, step: StepGraph, session: Session) {
    this.shape = shape;
    this.unet = unet;
    this.step = step;
    this.session = session;
  }

  static async open(model: Model, runtime: Runtime, shape: JoinedShape): Promise<JoinedSession> {
    const unet = model.unetOf(shape.batch, shape.queryOut);
    const step = stepGraph(
      {
        unet: { ...unet, graph: relocated(unet.graph, "unet") },
        encoder: shape.encoded === 0 ? null : encoderOf(model, shape.encoded),
        trainsWeights: shape.trainsWeights,
      },
      trainingGraphOptions(runtime),
    );
    const read = (location: string, offset: number, length: number) =>
      model.files.range(location, offset, length);
    const session = await Session.create(runtime, step.graph, read, { name: "the training graph" });
    return new JoinedSession(shape, unet, step, session);
  }

  async run(samples: readonly Sample[], inputs: JoinedInputs): Promise<JoinedGradients> {
    const { unet, step } = this;
    const { lossScale } = inputs;
    const results = await this.session.run({
      ...sampleFeeds(unet, samples, { batch: samples.length, lossScale }),
      [WEIGHTS_INPUT]: inputs.weights,
      ...(inputs.embeds !== null && { [EMBEDS_INPUT]: inputs.embeds }),
      ...(inputs.features !== null && { [FIXED_FEATURES_INPUT]: inputs.features }),
      ...(inputs.queryOut !== null && { [QUERY_OUT_INPUT]: inputs.queryOut }),
    });
    const given = (name: string): HostTensor => {
      const tensor = results[name];
      if (tensor !== undefined) return tensor;
      throw new StudioError("internal", `The training graph gave no "${name}".`);
    };
    const asked = (name: string | null) => (name === null ? null : given(name));
    return {
      shares: given(step.loss),
      weights: asked(step.weights),
      queryOut: asked(step.queryOut),
      embeds: asked(step.embeds),
    };
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

function encoderOf(model: Model, captions: number) {
  const encoder = model.textEncoderOf(captions, CLIP_TOKENS);
  return { ...encoder, graph: relocated(encoder.graph, "text_encoder") };
}
