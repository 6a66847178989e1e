/** @file CLIP on WebGPU beside wasm: the few nodes without a GPU kernel run on the CPU. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { normal } from "../../core/random/normal.ts";
import { fetchedFiles } from "../../hub/fetch-files.ts";
import { requestAdapter, requestDevice } from "../device.ts";
import { browserRuntime } from "../ort/runtime-browser.ts";
import { readModel } from "../model/read-model.ts";
import { openClip } from "./clip.ts";

let device: GPUDevice;

beforeAll(async () => {
  device = await requestDevice((await requestAdapter())!);
});

afterAll(() => {
  device.destroy();
});

/** float32 in another order of summation. */
const TOLERANCE = 1e-4;

it("embeds a picture and a caption as wasm does", async () => {
  const files = fetchedFiles(new URL("/models/toybox-256/", location.href).href);
  const { tokenizer } = await readModel("toybox-256", files);
  const size = 128;
  const picture = { width: size, height: size, data: normal(1, 3 * size * size) };
  const { ids } = tokenizer.encode("photo of a bear in the snow");
  const embeddings: Float32Array[][] = [];
  for (const on of [null, device]) {
    const clip = await openClip(files, await browserRuntime(on, 1));
    embeddings.push([...(await clip.embedImages([picture])), ...(await clip.embedTexts([ids]))]);
    await clip.release();
  }
  const [host, gpu] = embeddings;
  for (const [i, vector] of host!.entries()) {
    expect(relativeL2(gpu![i]!, vector)).toBeLessThan(TOLERANCE);
  }
});
