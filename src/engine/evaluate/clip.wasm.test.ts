/** @file The default model's CLIP beside transformers' CLIPModel: embeddings of photos and captions, and their scores. */
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Golden, readGolden } from "../../../tests/support/golden.ts";
import { selfAlignment, textAlignment } from "../../core/evaluate/scores.ts";
import { toPlanes } from "../../core/image/convert.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { folderFiles } from "../../hub/folder-files.ts";
import type { ModelFiles } from "../../hub/model-files.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { type Clip, openClip } from "./clip.ts";

const publicPath = (path: string): string =>
  fileURLToPath(new URL(`../../../public/${path}`, import.meta.url));

const files = folderFiles(publicPath("models/toybox-256"));
const runtime = nodeRuntime(2);

/** float32 through 6 layers against float64: 2e-7 was seen. Bicubic instead of averaging would be off by 3e-3. */
const TOLERANCE = 1e-4;

let golden: Golden;
let clip: Clip;
let photos: Planes[];

beforeAll(async () => {
  golden = await readGolden("clip-scores");
  clip = await openClip(files, runtime);
  photos = await Promise.all([1, 2, 3, 4, 5].map((n) => photo(`${n}.png`)));
});

afterAll(async () => {
  await clip.release();
});

async function photo(name: string): Promise<Planes> {
  const { data, info } = await sharp(publicPath(`samples/concepts/teddy-bear/${name}`))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return toPlanes({ width: info.width, height: info.height, data: new Uint8ClampedArray(data) });
}

function captions(): Int32Array[] {
  const ids = Int32Array.from(golden.get("input_ids").data);
  return Array.from({ length: ids.length / CLIP_TOKENS }, (_, i) =>
    ids.slice(i * CLIP_TOKENS, (i + 1) * CLIP_TOKENS),
  );
}

/** Largest difference of any number. */
function furthest(vectors: readonly Float32Array[], expected: ArrayLike<number>): number {
  const got = vectors.flatMap((vector) => [...vector]);
  expect(got).toHaveLength(expected.length);
  return Math.max(...got.map((x, i) => Math.abs(x - expected[i]!)));
}

it("embeds photos and captions as PyTorch does, and scores them the same", async () => {
  const images = await clip.embedImages(photos);
  const texts = await clip.embedTexts(captions());
  const distances = {
    images: furthest(images, golden.get("image_embeds").data),
    texts: furthest(texts, golden.get("text_embeds").data),
    self: selfAlignment(images).value - Number(golden.get("image_alignment").data[0]),
    text: Math.max(
      ...texts.map((text, i) => {
        const { value } = textAlignment(images, new Array<Float32Array>(images.length).fill(text));
        return Math.abs(value - Number(golden.get("text_alignment").data[i]));
      }),
    ),
  };
  console.info("CLIP, largest difference to PyTorch:", JSON.stringify(distances));
  for (const [name, distance] of Object.entries(distances)) {
    expect(Math.abs(distance), name).toBeLessThan(TOLERANCE);
  }
});

it("sees the middle of a picture that is not square, at whatever size", async () => {
  const [square] = photos;
  const [same] = await clip.embedImages([square!]);
  const side = square!.width;
  const padded = { width: side + 40, height: side, data: new Float32Array(3 * side * (side + 40)) };
  for (let row = 0; row < 3 * side; row++) {
    padded.data.set(square!.data.subarray(row * side, (row + 1) * side), row * (side + 40) + 20);
  }
  const [middle] = await clip.embedImages([padded]);
  expect(middle).toEqual(same);
  const odd = { width: 200, height: 150, data: new Float32Array(3 * 200 * 150) };
  const [grey] = await clip.embedImages([odd]);
  expect(Math.hypot(...grey!)).toBeCloseTo(1, 6);
});

it("refuses a model that has no CLIP, or only part of it", async () => {
  const without = (hidden: string): ModelFiles => ({
    ...files,
    read: (path, onBytes) =>
      path.startsWith(hidden) ? Promise.resolve(null) : files.read(path, onBytes),
  });
  await expect(openClip(without("clip/"), runtime)).rejects.toMatchObject({
    code: "model-unsupported",
    message: expect.stringContaining("comes without a CLIP") as string,
  });
  await expect(openClip(without("clip/text_encoder"), runtime)).rejects.toMatchObject({
    code: "model-unsupported",
    message: 'The model\'s CLIP has no "clip/text_encoder.onnx"; fetch it again.',
  });
});
