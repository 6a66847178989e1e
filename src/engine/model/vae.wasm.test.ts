/** @file The VAE's two halves give diffusers' moments and pictures, scaled as the UNet reads them. */
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { type Golden, readGolden } from "../../../tests/support/golden.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_STYLES } from "../../../tests/support/nano.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { decodePhoto } from "../../cli/files/decode.ts";
import { toPlanes } from "../../core/image/convert.ts";
import { partOf } from "../../core/tensor/parts.ts";
import { folderFiles } from "../../hub/folder-files.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { type Model, readModel } from "./read-model.ts";
import { openVaeDecoder, openVaeEncoder } from "./vae.ts";

/** float32 through all layers against float64: 1e-6 was seen. */
const TOLERANCE = 1e-5;

/** diffusers' own factor of Stable Diffusion 1.x. */
const SCALING = 0.18215;
const runtime = nodeRuntime(1);

describe.each(NANO_STYLES)("the nano VAE, %s export", (style) => {
  let golden: Golden;
  let model: Model;
  beforeAll(async () => {
    golden = await readGolden("nano-vae");
    // A file that does not name the factor means that of Stable Diffusion 1.x.
    const changes = { "vae_decoder/config.json": {} };
    const whole = await readModel("nano", await nanoFiles(style, changes));
    // The golden's pictures are of 32 px, for which the UNet would be too small.
    model = { ...whole, config: { ...whole.config, sampleSize: 4 } };
  });

  const COUNT = 2;
  const half = (name: string, i: number) =>
    partOf(Float32Array.from(golden.get(name).data), i, COUNT);

  it("encodes", async () => {
    const pictures = normals(11, "vae_sample", COUNT * 3 * 32 * 32);
    const vae = await openVaeEncoder(model, runtime);
    for (let i = 0; i < COUNT; i++) {
      const data = partOf(pictures, i, COUNT);
      const { mean, deviation } = await vae.encode({ width: 32, height: 32, data });
      const expectedMean = half("mean", i).map((x) => SCALING * x);
      const expectedDeviation = half("logvar", i).map((x) => SCALING * Math.exp(x / 2));
      expect(relativeL2(mean, expectedMean)).toBeLessThan(TOLERANCE);
      expect(relativeL2(deviation, expectedDeviation)).toBeLessThan(TOLERANCE);
    }
    await vae.release();
  });

  it("decodes", async () => {
    const latents = normals(11, "latent_sample", COUNT * 4 * 4 * 4);
    const vae = await openVaeDecoder(model, runtime);
    for (let i = 0; i < COUNT; i++) {
      const picture = await vae.decode(partOf(latents, i, COUNT).map((x) => SCALING * x));
      expect([picture.width, picture.height]).toEqual([32, 32]);
      expect(relativeL2(picture.data, half("decoded", i))).toBeLessThan(TOLERANCE);
    }
    await vae.release();
  });

  it("refuses a picture of another size", async () => {
    const vae = await openVaeEncoder(model, runtime);
    const wrong = { width: 64, height: 32, data: new Float32Array(3 * 64 * 32) };
    await expect(vae.encode(wrong)).rejects.toThrow(/32 px, not 64 x 32/);
    await vae.release();
  });
});

describe("the default model's VAE", () => {
  it("encodes a photo", async () => {
    const golden = await readGolden("default-vae");
    const folder = (name: string): string =>
      new URL(`../../../public/${name}`, import.meta.url).pathname;
    const model = await readModel("toybox-256", folderFiles(folder("models/toybox-256")));
    const photo = await decodePhoto(folder("samples/concepts/teddy-bear/1.png"));
    const vae = await openVaeEncoder(model, runtime);
    const { mean, deviation } = await vae.encode(toPlanes(photo));
    await vae.release();
    const { scalingFactor } = model.config;
    const expectedMean = golden.get("mean").data.map((x) => scalingFactor * x);
    const expectedDeviation = golden.get("logvar").data.map((x) => scalingFactor * Math.exp(x / 2));
    // This encoder is harder on float32: PyTorch's own is 1.1e-5 from float64 in the mean, and 2.4e-5 was seen here.
    expect(relativeL2(mean, expectedMean)).toBeLessThan(1e-4);
    expect(relativeL2(deviation, expectedDeviation)).toBeLessThan(1e-4);
  });
});
