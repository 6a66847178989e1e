/**
 * @file What a plan changes changes no result: gradients in segments and with attention in parts are those of the whole, and
 * a run under a tight plan learns what it learns without one.
 */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import { goldenFeeds } from "../../../tests/support/golden-feeds.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../../tests/support/nano.ts";
import { nanoTraining } from "../../../tests/support/nano-training.ts";
import { optimisationsWithout } from "../../core/optimisations.ts";
import type { TrainingChoices } from "../../core/plan/choices.ts";
import { trainingGraph, type TrainingGraphOptions } from "../../core/surgery/training-graph.ts";
import { prepareUnet } from "../../core/surgery/unet.ts";
import { readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { Session } from "../ort/session.ts";
import { runTraining } from "./run.ts";

/** Without the studio's own operators, which take in what nothing else reads: in segments that is more, rounded otherwise. */
const runtime = nodeRuntime(2, optimisationsWithout("all"));

/** The same sums in another order, in float32, through a model that is small and badly conditioned: 4e-5 was seen. */
const ROUNDING = 2e-4;

/** Scores of a nano head at 16 x 16 take 262 kB. */
const ATTENTION_BYTES = 100_000;

describe.each(NANO_STYLES)("the nano model, %s export", (style) => {
  async function outputs(options: TrainingGraphOptions): Promise<ArrayLike<number>[]> {
    const { graph, read } = await nanoModel(style, "unet");
    const unet = prepareUnet(graph, NANO_SHAPE, { blocks: 16 });
    const training = trainingGraph(unet, options);
    const session = await Session.create(runtime, training.graph, read, {
      name: "the training graph",
      optimisation: "disabled",
    });
    const { feeds } = await goldenFeeds(unet, read, await readGolden("nano-unet"));
    const out = await session.run(feeds);
    await session.release();
    return [training.prediction, training.loss, ...training.gradients.values()].map(
      (name) => out[name]!.data,
    );
  }

  it.each<[string, TrainingGraphOptions]>([
    ["attention whole", {}],
    ["attention in parts", { attentionBytes: ATTENTION_BYTES }],
  ])("segments change no bit, %s", async (_, options) => {
    const whole = await outputs(options);
    for (const segments of [2, 5]) {
      expect(await outputs({ ...options, segments })).toEqual(whole);
    }
  });

  it("attention in parts changes no more than rounding", async () => {
    const whole = await outputs({});
    const parts = await outputs({ segments: 3, attentionBytes: ATTENTION_BYTES });
    parts.forEach((data, i) => expect(relativeL2(data, whole[i]!)).toBeLessThan(ROUNDING));
  });
});

it("a run under a plan learns what it learns without one", async () => {
  const model = await readModel("nano", await nanoFiles("dynamo"));
  const input = nanoTraining({ microBatch: 4 });
  const choices: TrainingChoices = {
    ...{ precision: "float32", microBatch: 1, segments: 3 },
    ...{ attentionBytes: ATTENTION_BYTES, keepsSampling: false },
  };
  const whole = await runTraining(model, runtime, input);
  const planned = await runTraining(model, runtime, { ...input, choices });
  // AdamW divides each gradient by its own size, so that rounding of the small ones counts as much: 1e-4 against PyTorch.
  const [own, expected] = [planned.concept.kvDifference!, whole.concept.kvDifference!];
  expect(relativeL2(own, expected)).toBeLessThan(1e-3);
  expect(relativeL2(planned.history, whole.history)).toBeLessThan(1e-5);
  expect(planned.concept.settings["microBatch"]).toBe(1);
});
