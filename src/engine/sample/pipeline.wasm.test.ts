/**
 * @file Images from words are diffusers' (StableDiffusionPipeline, DDIM, in float64): from the same noise to the same
 * latents and the same picture, with guidance and a negative prompt, for UNets that predict noise and velocity.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { type Golden, readGolden } from "../../../tests/support/golden.ts";
import { seeded } from "../../../tests/support/golden-feeds.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_STYLES } from "../../../tests/support/nano.ts";
import { countSketch } from "../../../tests/support/seeded.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { folderFiles } from "../../hub/folder-files.ts";
import { readFixture } from "../../../tests/support/fixture.ts";
import { readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { type GeneratedImage, Pipeline } from "./pipeline.ts";
import type { GenerateRequest } from "../../core/diffusion/generate-request.ts";

const runtime = nodeRuntime(2);
const THUMBNAIL = 32;

/** The noise that every golden starts from, whatever the seed. */
const goldenNoise = (_: number, count: number): Float32Array =>
  seeded("generate.latents", [count]).data;

/** The request that a golden was made with. */
function requestOf({ metadata }: Golden): GenerateRequest {
  return {
    prompt: metadata.get("prompt")!,
    negativePrompt: metadata.get("negative_prompt")!,
    sampler: "ddim",
    steps: Number(metadata.get("steps")),
    guidance: Number(metadata.get("guidance_scale")),
    eta: 0,
    seeds: [1],
    batch: 1,
  };
}

/** Means over squares [3, 32, 32] of a picture clamped to [-1, 1]. */
function thumbnailOf({ width, data }: Planes): Float64Array {
  const side = width / THUMBNAIL;
  const out = new Float64Array(3 * THUMBNAIL ** 2);
  data.forEach((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    // Rows of all channels follow each other, and each has `width` of them: a square never reaches into the next channel.
    const square = Math.floor(row / side) * THUMBNAIL + Math.floor(column / side);
    out[square]! += Math.max(-1, Math.min(1, value)) / side ** 2;
  });
  return out;
}

function pictureDistances(picture: Planes, golden: Golden, prefix: string) {
  const [norm] = golden.get(`${prefix}image.norm`).data;
  return {
    sketch: relativeL2(
      countSketch("image", picture.data),
      golden.get(`${prefix}image.sketch`).data,
    ),
    norm: Math.abs(Math.sqrt(picture.data.reduce((sum, x) => sum + x * x, 0)) / norm! - 1),
    thumbnail: relativeL2(thumbnailOf(picture), golden.get(`${prefix}thumbnail`).data),
  };
}

describe.each(NANO_STYLES)("the nano model, %s export", (style) => {
  /** float32 against float64 over five guided steps and through the decoder: 2e-6 was seen. */
  const TOLERANCE = 1e-5;
  let golden: Golden;
  beforeAll(async () => {
    golden = await readGolden("nano-generate");
  });

  async function open(prediction: string): Promise<Pipeline> {
    const name = "scheduler/scheduler_config.json";
    const text = new TextDecoder().decode(await readFixture(`public/models/toybox-256/${name}`));
    const changes = {
      [name]: { ...(JSON.parse(text) as object), prediction_type: prediction },
      "vae_decoder/config.json": { scaling_factor: 0.18215 },
    };
    return Pipeline.open(await readModel("nano", await nanoFiles(style, changes)), runtime);
  }

  it.each(["epsilon", "v_prediction"])("gives diffusers' image, %s", async (prediction) => {
    const pipeline = await open(prediction);
    const request = requestOf(golden);
    const [image] = await pipeline.generate(request, {}, goldenNoise);
    const expected = golden.get(`${prediction}.latents`).data;
    const last = expected.slice(-image!.latents.length);
    const latents = relativeL2(image!.latents, last);
    const distances = pictureDistances(image!.picture, golden, `${prediction}.`);
    expect(latents).toBeLessThan(TOLERANCE);
    expect(distances.sketch).toBeLessThan(TOLERANCE);
    expect(distances.norm).toBeLessThan(TOLERANCE);
    expect(distances.thumbnail).toBeLessThan(TOLERANCE);

    // The negative prompt, the guidance and the sampler's steps all matter, or the above would say nothing of them.
    const others: Partial<GenerateRequest>[] = [
      { negativePrompt: "" },
      { guidance: 4 },
      { guidance: 1 },
      { steps: 6 },
    ];
    for (const change of others) {
      const [other] = await pipeline.generate({ ...request, ...change }, {}, goldenNoise);
      expect(relativeL2(other!.latents, last), JSON.stringify(change)).toBeGreaterThan(
        10 * TOLERANCE,
      );
    }
    await pipeline.release();
  });

  it("gives each of a batch its own", async () => {
    const pipeline = await open("epsilon");
    // The golden's noise in the middle, other noise around it.
    const noise = (seed: number, count: number): Float32Array =>
      seed === 2 ? goldenNoise(seed, count) : seeded(`other ${seed}`, [count]).data;
    const request = { ...requestOf(golden), seeds: [1, 2, 3], batch: 3 };
    const images = await pipeline.generate(request, {}, noise);
    expect(images.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    const expected = golden.get("epsilon.latents").data.slice(-images[1]!.latents.length);
    const distances = images.map(({ latents }) => relativeL2(latents, expected));
    expect(distances[1]).toBeLessThan(TOLERANCE);
    expect(Math.min(distances[0]!, distances[2]!)).toBeGreaterThan(0.1);
    await pipeline.release();
  });
});

describe("the default model", () => {
  /** float32 against float64 over five guided steps and through the decoder: 1.3e-5 was seen. */
  const TOLERANCE = 1e-4;

  it("gives diffusers' image", async () => {
    const golden = await readGolden("default-generate");
    const folder = new URL("../../../public/models/toybox-256", import.meta.url).pathname;
    const model = await readModel("toybox-256", folderFiles(folder));
    const pipeline = await Pipeline.open(model, runtime);
    const [image]: GeneratedImage[] = await pipeline.generate(requestOf(golden), {}, goldenNoise);
    await pipeline.release();
    const latents = relativeL2(image!.latents, golden.get("latents").data);
    const distances = pictureDistances(image!.picture, golden, "");
    expect(latents).toBeLessThan(TOLERANCE);
    expect(distances.sketch).toBeLessThan(TOLERANCE);
    expect(distances.norm).toBeLessThan(TOLERANCE);
    expect(distances.thumbnail).toBeLessThan(TOLERANCE);
  });
});
