/**
 * @file Plans for Stable Diffusion at full size, from its graphs alone, and for the nano model with less and less memory.
 * What a plan reckons is held to the parameters that PyTorch counts, and to onnxruntime's own order elsewhere.
 */
import { describe, expect, it } from "vitest";
import { NANO_SHAPE, nanoModel } from "../../../tests/support/nano.ts";
import {
  structure,
  structureCounts,
  type StructureModel,
} from "../../../tests/support/structures.ts";
import { NOTHING_FUSED } from "../passes/fuse.ts";
import { prepareTextEncoder } from "../surgery/text-encoder.ts";
import { prepareUnet } from "../surgery/unet.ts";
import { prepareVae } from "../surgery/vae.ts";
import { PAINTING_ATTENTION_BYTES, type PlanDevice, type PlanWish } from "./choices.ts";
import { planGraphs, type PlannedModel } from "./graphs.ts";
import { planSentence } from "./plan-text.ts";
import { planTraining, type TrainingPlan } from "./training-plan.ts";

const SIZES = { sd15: { side: 64, textWidth: 768 }, sd21: { side: 96, textWidth: 1024 } } as const;

async function fullSize(
  model: StructureModel,
  style: "legacy" | "dynamo",
  side: number = SIZES[model].side,
): Promise<PlannedModel> {
  const { textWidth } = SIZES[model];
  const parts = await Promise.all(
    (["unet", "text_encoder", "vae_encoder", "vae_decoder"] as const).map((part) =>
      structure(model, style, part),
    ),
  );
  const [unet, text, encoder, decoder] = parts as [(typeof parts)[0], ...(typeof parts)[0][]];
  return {
    unetOf: (batch) =>
      prepareUnet(unet, { batch, height: side, width: side, tokens: 77, textWidth }),
    textEncoder: prepareTextEncoder(text!, { batch: 1, tokens: 77 }),
    vaeEncoder: prepareVae(encoder!, "vae_encoder", [1, 3, 8 * side, 8 * side]).graph,
    vaeDecoder: prepareVae(decoder!, "vae_decoder", [1, 4, side, side]).graph,
    trainsToken: true,
  };
}

const GPU: PlanDevice = {
  backend: "webgpu",
  half: true,
  budget: 8e9,
  largestBuffer: 2 ** 30,
  attentionBytes: undefined,
};
const GPU_GRAPHS = { paintingAttentionBytes: PAINTING_ATTENTION_BYTES };
const ONE: PlanWish = { batch: 8, microBatch: 1, precision: "auto", previews: false };

/** Graphs of full size are differentiated several times over. */
const SLOW = { timeout: 120_000 };

describe.each(["legacy", "dynamo"] as const)(
  "Stable Diffusion 1.5 at 512 pixels, %s export",
  (style) => {
    it("fits into 8 GB in float16, and no buffer has 1 GiB", SLOW, async () => {
      const graphs = planGraphs(await fullSize("sd15", style), NOTHING_FUSED, GPU_GRAPHS);
      const plan = planTraining(graphs, GPU, ONE);
      expect(plan).toMatchObject({ fits: true, choices: { precision: "float16", microBatch: 1 } });
      expect(plan.peak).toBeLessThanOrEqual(8e9);
      expect(plan.largest).toBeLessThan(2 ** 30);
      // Every parameter of PyTorch's once, two bytes each, and most of them a second time for the backward pass; K/V
      // projections are outside of the graph.
      const { unet, keysAndValues } = await structureCounts("sd15");
      const frozen = 2 * (unet - keysAndValues);
      const steps = plan.phases.find(({ name }) => name === "steps")!;
      const weights = steps.items[0]!.bytes;
      expect(weights).toBeGreaterThan(1.8 * frozen);
      expect(weights).toBeLessThan(2 * frozen);
      expectSums(plan);

      const tight = planTraining(graphs, { ...GPU, budget: 5.3e9 }, ONE);
      expect(tight.fits).toBe(true);
      expect(tight.choices.segments).toBeGreaterThan(1);
      const none = planTraining(graphs, { ...GPU, budget: 4e9 }, ONE);
      expect(none.fits).toBe(false);
      expect(planSentence(none)).toMatch(
        /does not fit: at its least \(float16, .*\) it takes \d\.\d GB, \d\.\d GB more than the 4\.0 GB/,
      );
    });
  },
);

it("does not fit a heap, nor 8 GB without float16, and says so", SLOW, async () => {
  const graphs = planGraphs(await fullSize("sd15", "dynamo"), NOTHING_FUSED, GPU_GRAPHS);
  const single = planTraining(graphs, { ...GPU, half: false }, ONE);
  expect(single.fits).toBe(false);
  expect(planSentence(single)).toMatch(/float32, .* A GPU that computes with float16/);
  const heap = {
    backend: "wasm",
    half: false,
    budget: 2 ** 32,
    largestBuffer: 2 ** 32,
    attentionBytes: 2 ** 23,
  } as const;
  const wasm = planTraining(graphs, heap, ONE);
  expect(wasm.fits).toBe(false);
  expect(planSentence(wasm)).toMatch(/WebAssembly.* Use a GPU with WebGPU/);
});

it(
  "plans Stable Diffusion 2.1 at 768 pixels, whose head has more scores than a chunk",
  SLOW,
  async () => {
    const graphs = planGraphs(await fullSize("sd21", "dynamo"), NOTHING_FUSED, GPU_GRAPHS);
    const plan = planTraining(graphs, { ...GPU, budget: 12e9 }, ONE);
    expect(plan.fits).toBe(true);
    expect(plan.largest).toBeLessThan(2 ** 30);
    expectSums(plan);
  },
);

describe("the nano model with less and less memory", () => {
  async function nano(): Promise<PlannedModel> {
    const [unet, text, encoder, decoder] = await Promise.all(
      (["unet", "text_encoder", "vae_encoder", "vae_decoder"] as const).map((part) =>
        nanoModel("dynamo", part),
      ),
    );
    return {
      unetOf: (batch) => prepareUnet(unet!.graph, { ...NANO_SHAPE, batch }),
      textEncoder: prepareTextEncoder(text!.graph, { batch: 1, tokens: 77 }),
      vaeEncoder: prepareVae(encoder!.graph, "vae_encoder", [1, 3, 128, 128]).graph,
      vaeDecoder: prepareVae(decoder!.graph, "vae_decoder", [1, 4, 16, 16]).graph,
      trainsToken: true,
    };
  }
  const wish: PlanWish = { batch: 4, microBatch: 4, precision: "float32", previews: true };

  it("gives up time first, then previews, then computes again; each plan takes less", async () => {
    const graphs = planGraphs(await nano(), NOTHING_FUSED, GPU_GRAPHS);
    const seen: TrainingPlan[] = [];
    let plan = planTraining(graphs, GPU, wish);
    while (plan.fits) {
      expectSums(plan);
      seen.push(plan);
      plan = planTraining(graphs, { ...GPU, budget: plan.peak - 1 }, wish);
    }
    expect(seen[0]!.choices).toMatchObject({ microBatch: 4, segments: 1, keepsSampling: true });
    const last = seen.at(-1)!;
    expect(last.choices).toMatchObject({ microBatch: 1, keepsSampling: false });
    expect(last.choices.segments).toBeGreaterThan(1);
    expect(plan.peak).toBe(last.peak);
    // Previews are kept for as long as passes can be smaller, and nothing is computed twice before they are gone.
    const lost = seen.findIndex(({ choices }) => !choices.keepsSampling);
    expect(seen.slice(0, lost).every(({ choices }) => choices.segments === 1)).toBe(true);
  });

  it("refuses what no buffer can hold, whatever the memory", async () => {
    const graphs = planGraphs(await nano(), NOTHING_FUSED, GPU_GRAPHS);
    const plan = planTraining(graphs, { ...GPU, largestBuffer: 1000 }, wish);
    expect(plan.fits).toBe(false);
    expect(planSentence(plan)).toMatch(/one of its tensors takes .* binds no more than/);
  });
});

function expectSums({ phases, peak }: TrainingPlan): void {
  for (const { items, bytes } of phases) {
    expect(bytes).toBe(items.reduce((sum, item) => sum + item.bytes, 0));
    for (const item of items) expect(item.bytes).toBeGreaterThan(0);
  }
  expect(peak).toBe(Math.max(...phases.map(({ bytes }) => bytes)));
}
