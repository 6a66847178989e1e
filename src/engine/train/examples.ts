/** @file Training examples: pictures seen in several views, each kept as the distribution of its latents. */
import { type CancelSignal, throwIfAborted } from "../../core/cancel.ts";
import { augment, type AugmentedView, plainView } from "../../core/image/augment.ts";
import { squareOf } from "../../core/image/geometry.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { Random } from "../../core/random/random.ts";
import type { LatentDistribution, VaeEncoder } from "../model/vae.ts";

/** One view of a picture, ready to train on. */
export interface View {
  readonly latents: LatentDistribution;
  /** [H, W], ones where the loss counts. */
  readonly mask: Float32Array;
  readonly caption: string;
}

/** A picture in all its views. */
export type Example = readonly View[];

export interface Picture {
  readonly picture: Planes;
  readonly caption: string;
}

export interface ExampleOptions {
  /** Height and width of the model's pictures, in pixels. */
  readonly size: number;
  readonly onView: () => void;
  readonly signal?: CancelSignal | undefined;
}

/**
 * Photos of a concept, each in `views` random views (the paper's augmentation, adobe-research/custom-diffusion
 * src/finetune_data.py), or as it is.
 */
export async function targetExamples(
  vae: VaeEncoder,
  photos: readonly Picture[],
  { augmented, views, seed }: { augmented: boolean; views: number; seed: number },
  options: ExampleOptions,
): Promise<Example[]> {
  const { size } = options;
  const examples: Example[] = [];
  for (const [index, photo] of photos.entries()) {
    const square = squareOf(photo.picture);
    const made = augmented
      ? Array.from({ length: views }, (_, view) =>
          augment(square, size, new Random(seed, "view", index, view)),
        )
      : [plainView(square, size, false)];
    examples.push(await encoded(vae, made, photo.caption, options));
  }
  return examples;
}

/** Regularisation images, as they are and flipped. */
export async function regularisationExamples(
  vae: VaeEncoder,
  images: readonly Picture[],
  options: ExampleOptions,
): Promise<Example[]> {
  const { size } = options;
  const examples: Example[] = [];
  for (const { picture, caption } of images) {
    const square = squareOf(picture);
    const views = [plainView(square, size, false), plainView(square, size, true)];
    examples.push(await encoded(vae, views, caption, options));
  }
  return examples;
}

/** Views that `targetExamples` and `regularisationExamples` will encode: what the estimate and the progress count. */
export function viewCount(
  photos: number,
  regularisation: number,
  { augment: augmented, views }: { readonly augment: boolean; readonly views: number },
): number {
  return photos * (augmented ? views : 1) + regularisation * 2;
}

async function encoded(
  vae: VaeEncoder,
  views: readonly AugmentedView[],
  caption: string,
  { onView, signal }: ExampleOptions,
): Promise<Example> {
  const example: View[] = [];
  for (const { planes, mask, prefix } of views) {
    throwIfAborted(signal);
    const latents = await vae.encode(planes);
    example.push({ latents, mask, caption: prefix + caption });
    onView();
  }
  return example;
}
