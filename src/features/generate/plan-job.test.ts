/** @file From the form to the engine: defaults by model, seeds, the concept with its strength, and back from a picture. */
import { describe, expect, it } from "vitest";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { initialForm } from "../../state/generation-form.ts";
import { planJob, refusalOf, seedsFrom } from "./plan-job.ts";
import type { NamedConcept } from "./prompt-phrases.ts";
import { reuseSettings } from "./reuse-settings.ts";
import { samplingOf } from "./sampling.ts";

const bear: NamedConcept = {
  id: "b",
  name: "My bear",
  createdAt: 1,
  baseModel: { id: "toybox-256", fingerprint: "toy" },
  tokens: [{ token: "<New1>", category: "bear" }],
};

describe("samplingOf", () => {
  it("follows the open model where nothing is said", () => {
    const form = initialForm();
    const small = { sampler: "dpmpp-2m", steps: 20, guidance: 4.5, eta: 0 };
    expect(samplingOf(form, 256)).toEqual(small);
    expect(samplingOf(form, null)).toEqual(small);
    expect(samplingOf(form, 768)).toMatchObject({ steps: 25, guidance: 7.5 });
    expect(samplingOf({ ...form, steps: 4 }, 768)).toMatchObject({ steps: 4, guidance: 7.5 });
  });

  it("gives eta to DDIM alone, which alone has one", () => {
    const form = { ...initialForm(), eta: 0.5 };
    expect(samplingOf(form, 256).eta).toBe(0);
    expect(samplingOf({ ...form, sampler: "ddim" }, 256).eta).toBe(0.5);
  });
});

describe("planJob", () => {
  const form = { ...initialForm(), prompt: " a <new1> bear ", seed: 7, count: 3 };
  const sampling = samplingOf(form, 256);

  it("counts seeds up, and around at the end", () => {
    expect(seedsFrom(7, 3)).toEqual([7, 8, 9]);
    expect(seedsFrom(0xffffffff, 2)).toEqual([0xffffffff, 0]);
  });

  it("carries the concept and its strength, 1 unless it was moved", () => {
    const use = { kind: "one", concept: bear, candidates: [bear] } as const;
    const { request, conceptName } = planJob(form, sampling, use);
    expect(request).toMatchObject({
      prompt: "a <new1> bear",
      seeds: [7, 8, 9],
      concept: { id: "b", strength: 1 },
    });
    expect(conceptName).toBe("My bear");
    const weaker = planJob({ ...form, strengths: { b: 0.5 } }, sampling, use);
    expect(weaker.request.concept).toEqual({ id: "b", strength: 0.5 });
  });

  it("paints with the base model where no concept is named, and nothing for an empty prompt", () => {
    expect(planJob(form, sampling, { kind: "none" }).request.concept).toBeNull();
    expect(refusalOf("a bear", { kind: "none" })).toBeNull();
    expect(refusalOf(" ", { kind: "none" })).toMatch(/Write in the prompt/u);
  });
});

describe("reuseSettings", () => {
  const used = { id: "b", name: "My bear", token: "<new1>", category: "bear", strength: 0.7 };
  const settings: ImageSettings = {
    prompt: "a <new1> bear",
    negativePrompt: "blue",
    sampler: "ddim",
    steps: 3,
    guidance: 2,
    eta: 0.1,
    seed: 9,
    model: { id: "toybox-256", fingerprint: "toy" },
    concepts: [used],
    backend: "wasm",
  };
  const reuse = (made: Partial<ImageSettings>, concepts = [bear]) =>
    reuseSettings({ ...settings, ...made }, initialForm(), concepts, { fingerprint: "toy" });

  it("puts everything back, so that the same job is planned again", () => {
    const { fields, notes } = reuse({});
    expect(notes).toEqual([]);
    const form = { ...initialForm(), ...fields };
    expect(form).toMatchObject({
      negativePrompt: "blue",
      strengths: { b: 0.7 },
      chosen: { "<new1>": "b" },
    });
    expect(samplingOf(form, 768)).toEqual({ sampler: "ddim", steps: 3, guidance: 2, eta: 0.1 });
    expect(form).toMatchObject({ seed: 9, count: 1 });
  });

  it("finds the concept of another studio by its name and words", () => {
    const { fields, notes } = reuse({ concepts: [{ ...used, id: "elsewhere" }] });
    expect(notes).toEqual([]);
    expect(fields.strengths).toEqual({ b: 0.7 });
  });

  it("names the concept that is not here, and the model where it is another", () => {
    const model = { id: "sd15", fingerprint: "sd" };
    const { fields, notes } = reuse({ model }, []);
    expect(fields.prompt).toBe("a <new1> bear");
    expect(notes).toEqual([
      expect.stringMatching(/“My bear” \(<new1> bear\) is not here/u),
      expect.stringMatching(/another model \(sd15\)/u),
    ]);
  });
});
