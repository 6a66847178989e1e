/** @file Recording where words look changes no picture, takes no session for longer than it lasts, and says of V* its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nanoConcept } from "../../../tests/support/nano-concept.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_REQUEST } from "../../../tests/support/nano-training.ts";
import { NANO_STYLES } from "../../../tests/support/nano.ts";
import { AttentionSum } from "../../core/attention/attention-sum.ts";
import type { GenerateRequest } from "../../core/diffusion/generate-request.ts";
import { optimisationsWithout } from "../../core/optimisations.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { Pipeline } from "./pipeline.ts";

const REQUEST: GenerateRequest = { ...NANO_REQUEST, seeds: [5], batch: 1 };
const SIDE = 16;
/** The fused operator keeps no probabilities, so a session that gives them sums up in another order than one that has it. */
const NO_FUSED_ATTENTION = optimisationsWithout("fused-attention");
const TOKENS = Array.from({ length: CLIP_TOKENS }, (_, token) => token);

describe.each(NANO_STYLES)("the nano model, %s export", (style) => {
  let model: Model;
  let pipeline: Pipeline;

  beforeAll(async () => {
    model = await readModel("nano", await nanoFiles(style));
    pipeline = await Pipeline.open(model, nodeRuntime(1, NO_FUSED_ATTENTION));
    await pipeline.use(nanoConcept(model, "<new1>", "bear"));
  });

  afterAll(() => pipeline.release());

  async function recorded(request: GenerateRequest) {
    const sum = new AttentionSum(CLIP_TOKENS);
    let passes = 0;
    const images = await pipeline.generate(request, {
      onAttention: (maps) => {
        sum.add(maps);
        passes++;
      },
    });
    return { sum, passes, latents: images.map((image) => image.latents) };
  }

  const painted = async (request: GenerateRequest) =>
    (await pipeline.generate(request)).map(({ latents }) => latents);

  it.each(["ddim", "dpmpp-2m"] as const)(
    "%s paints the very same picture, before and after",
    async (sampler) => {
      // One takes noise at each step, one remembers the step before.
      const request = { ...REQUEST, sampler, eta: sampler === "ddim" ? 1 : 0 };
      const before = await painted(request);
      const { latents, sum } = await recorded(request);
      expect(latents).toEqual(before);
      expect(await painted(request)).toEqual(before);
      for (const value of sum.heat(TOKENS, SIDE, SIDE)) expect(value).toBeCloseTo(1, 5);
    },
  );

  it("is of the prompt, with guidance and without, and of no other text", async () => {
    const guided = await recorded({ ...REQUEST, steps: 1 });
    const other = await recorded({ ...REQUEST, steps: 1, negativePrompt: "two cars in the snow" });
    const alone = await recorded({ ...REQUEST, steps: 1, guidance: 1 });
    const another = await recorded({ ...REQUEST, steps: 1, prompt: "a <new1> on the beach" });
    expect(guided.passes).toBe(1);
    // All of these begin with the same noise, and the negative prompt's pass is not recorded.
    const heat = guided.sum.heat([4], SIDE, SIDE);
    expect(other.sum.heat([4], SIDE, SIDE)).toEqual(heat);
    alone.sum.heat([4], SIDE, SIDE).forEach((value, i) => expect(value).toBeCloseTo(heat[i]!, 6));
    expect(another.sum.heat([4], SIDE, SIDE)).not.toEqual(heat);
  });

  it("tells words apart, V* among them", async () => {
    const { sum } = await recorded(REQUEST);
    const words = sum.heats(pipeline.words(REQUEST.prompt), SIDE, SIDE);
    expect(words.map(({ text }) => text)).toEqual(["photo", "of", "a", "<new1>", "bear"]);
    const maps = words.map(({ heat }) => heat.join());
    expect(new Set(maps).size).toBe(words.length);
    for (const { heat } of words) {
      expect(heat).toHaveLength(SIDE ** 2);
      expect(Math.min(...heat)).toBeGreaterThan(0);
    }
  });

  it("stops on request, and is refused for several images together and for composed concepts", async () => {
    const stop = new AbortController();
    const stopped = pipeline.generate(REQUEST, {
      signal: stop.signal,
      onAttention: () => stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    await expect(recorded({ ...REQUEST, seeds: [5, 6], batch: 2 })).rejects.toThrow(/one image/);
    const concepts = ["<new1>", "<new2>"].map((token) => ({
      concept: nanoConcept(model, token, "bear"),
      strength: 1,
    }));
    await pipeline.compose(concepts, { kind: "solved" });
    await expect(recorded(REQUEST)).rejects.toThrow(/merge them/);
  });
});
