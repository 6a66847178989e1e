/**
 * @file The UNet with its attention as outputs: the probabilities are diffusers', every row of them adds up to 1, and
 * the prediction stays what it is, in both exporter styles and with the face mode's cut.
 */
import { describe, expect, it } from "vitest";
import { attentionDistances, farthestFromOne } from "../../tests/support/nano-attention.ts";
import { relativeL2 } from "../../tests/support/compare.ts";
import { NANO_STYLES } from "../../tests/support/nano.ts";
import { normals } from "../../tests/support/seeded.ts";
import { exposeAttention } from "../core/surgery/expose-attention.ts";
import { folderFiles } from "../hub/folder-files.ts";
import { readModel } from "./model/read-model.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";
import { Session } from "./ort/session.ts";
import type { HostTensor } from "./tensor.ts";

const runtime = nodeRuntime(2);

describe.each(NANO_STYLES)("nano UNet, %s export, wasm", (style) => {
  it.each([false, true])("looks where diffusers' does (face mode: %s)", async (queryOut) => {
    const { maps, rows, prediction } = await attentionDistances(runtime, style, queryOut);
    console.info(`attention, worst relative L2 to PyTorch: ${Math.max(...maps).toExponential(1)}`);
    expect(maps).toHaveLength(4);
    // float32 through up to 60 layers against float64; what is compared is what is left without the mean of 1/77, a
    // third of the whole: 2e-6 was seen.
    for (const distance of maps) expect(distance).toBeLessThan(1e-5);
    expect(rows).toBeLessThan(1e-5);
    expect(prediction).toBeLessThan(2e-5);
  });
});

it("the default model's rows add up to 1, at four resolutions, and its prediction stays the same", async () => {
  const folder = new URL("../../public/models/toybox-256", import.meta.url).pathname;
  const model = await readModel("toybox-256", folderFiles(folder));
  const { unet } = model;
  const read = model.reader("unet");
  const { graph, maps } = exposeAttention(unet);
  expect(maps.map(({ width, height, blocks }) => [width, height, blocks])).toEqual([
    ...[32, 16, 8].map((side) => [side, side, 5]),
    [4, 4, 1],
  ]);
  const { columns } = unet.kv;
  const time = unet.timeFeatures([500]);
  const feeds: Record<string, HostTensor> = {
    sample: { dims: unet.latents, data: normals(1, "sample", 4 * 32 * 32) },
    time_features: { dims: [1, time.length], data: time },
    kv: { dims: [1, 77, columns], data: normals(1, "kv", 77 * columns) },
  };
  const plain = await Session.create(runtime, unet.graph, read, { name: "the UNet" });
  const expected = await plain.runOne(feeds);
  await plain.release();
  const session = await Session.create(runtime, graph, read, { name: "the UNet" });
  const out = await session.run(feeds);
  await session.release();
  // The plain one has attention in one function, which rounds in another order.
  expect(relativeL2(out[unet.prediction]!.data, expected.data)).toBeLessThan(2e-6);
  for (const { name, height, width } of maps) {
    const { data, dims } = out[name]!;
    expect(dims).toEqual([1, height * width, 77]);
    expect(farthestFromOne(data)).toBeLessThan(1e-5);
  }
});
