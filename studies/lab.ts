/** @file What every study needs: the default model, its CLIP, the sample photos, and how well pictures match them. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { readPhotos } from "../src/cli/files/photos.ts";
import { folderRegularisation } from "../src/cli/regularisation.ts";
import type { Concept } from "../src/core/concept/concept.ts";
import type { SamplerName } from "../src/core/diffusion/sampler.ts";
import { contactSheet } from "../src/core/image/contact-sheet.ts";
import { toPixels, toPlanes } from "../src/core/image/convert.ts";
import type { Pixels, Planes } from "../src/core/image/pixels.ts";
import { trainingSquare } from "../src/core/image/training-square.ts";
import { removeModifierTokens } from "../src/core/text/modifier-tokens.ts";
import { openClip, type Clip } from "../src/engine/evaluate/clip.ts";
import { scorePictures, type ScoredPicture } from "../src/engine/evaluate/score-pictures.ts";
import { type Model, readModel } from "../src/engine/model/read-model.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { Pipeline } from "../src/engine/sample/pipeline.ts";
import type { Picture } from "../src/engine/train/examples.ts";
import { folderFiles } from "../src/hub/folder-files.ts";

/** Words of the things that a study teaches, in turn. */
export const TOKENS = ["<new1>", "<new2>"] as const;

/** Pixels a side of the default model's pictures. */
const SIZE = 256;

const publicFolder = (path: string): string =>
  fileURLToPath(new URL(`../public/${path}`, import.meta.url));

export interface Lab {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly pipeline: Pipeline;
  readonly clip: Clip;
}

export interface Sampling {
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly guidance: number;
}

/** Pictures of some prompts, and how they score. */
export interface Scores {
  /** Mean cosine of every picture to every photo. */
  readonly image: number;
  /** Mean cosine of every picture to its own prompt without the token. */
  readonly text: number;
  /** Mean cosine of the photos among themselves. */
  readonly photos: number;
  readonly pictures: readonly Pixels[];
}

export async function openLab(runtime: Runtime): Promise<Lab> {
  const files = folderFiles(publicFolder("models/toybox-256"));
  const model = await readModel("toybox-256", files);
  const pipeline = await Pipeline.open(model, runtime);
  return { model, runtime, pipeline, clip: await openClip(files, nodeRuntime()) };
}

export async function samplePhotos(concept: string): Promise<Planes[]> {
  const photos = await readPhotos(publicFolder(`samples/concepts/${concept}`));
  return photos.map(({ pixels }) => trainingSquare(pixels, SIZE));
}

export function sampleRegularisation(category: string): Promise<Picture[]> {
  return folderRegularisation(publicFolder(`samples/regularisation/${category}`), SIZE);
}

/** Pictures of what the pipeline holds: `count` of each prompt, no two from the same noise. */
export async function paint(
  lab: Lab,
  prompts: readonly string[],
  count: number,
  sampling: Sampling,
): Promise<ScoredPicture[]> {
  const pictures: ScoredPicture[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const seeds = Array.from({ length: count }, (_, i) => index * count + i + 1);
    const images = await lab.pipeline.generate({
      ...sampling,
      prompt,
      seeds,
      negativePrompt: "",
      eta: 0,
      batch: 1,
    });
    const caption = removeModifierTokens(prompt, TOKENS);
    // Scored as they would be saved: 8 bits a channel.
    pictures.push(
      ...images.map(({ picture }) => ({ picture: toPlanes(toPixels(picture)), caption })),
    );
  }
  return pictures;
}

/** Chooses the concept, paints, and scores what comes out. */
export async function score(
  lab: Lab,
  concept: Concept | null,
  prompts: readonly string[],
  count: number,
  sampling: Sampling,
  photos: readonly Planes[],
): Promise<Scores> {
  await lab.pipeline.use(concept);
  const pictures = await paint(lab, prompts, count, sampling);
  const scores = await scorePictures(lab.clip, lab.model.tokenizer, pictures, photos);
  return {
    image: scores.imageAlignment.value,
    text: scores.textAlignment.value,
    photos: scores.photoAlignment?.value ?? NaN,
    pictures: pictures.map(({ picture }) => toPixels(picture)),
  };
}

/** A contact sheet at half the size, as docs/pictures/NAME.webp. */
export async function writeSheet(
  name: string,
  images: readonly Pixels[],
  columns: number,
): Promise<void> {
  const folder = new URL("../docs/pictures/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const { width, height, data } = contactSheet(images, columns);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: width / 2, kernel: "lanczos3" })
    .webp({ quality: 85 })
    .toFile(fileURLToPath(new URL(`${name}.webp`, folder)));
}
