/** @file What a run draws from: the latents of every view of its photos and regularisation images. */
import type { CancelSignal } from "../../core/cancel.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { type Model, pictureSize } from "../model/read-model.ts";
import { openVaeEncoder } from "../model/vae.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { Pools } from "./draw.ts";
import {
  type Example,
  type Picture,
  regularisationExamples,
  targetExamples,
  viewCount,
} from "./examples.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import type { NewToken } from "./trainer.ts";

export interface NewConcept extends NewToken {
  readonly photos: readonly Planes[];
  /** Pictures of the category with their captions; none trains without regularisation. */
  readonly regularisation: readonly Picture[];
}

export interface PoolEvents {
  readonly onView?: (done: number, total: number) => void;
  readonly signal?: CancelSignal | undefined;
}

/** Latents of all views; the VAE is open for as long as this takes. */
export async function preparePools(
  model: Model,
  runtime: Runtime,
  {
    settings,
    concepts,
  }: { readonly settings: TrainSettings; readonly concepts: readonly NewConcept[] },
  { onView, signal }: PoolEvents = {},
): Promise<Pools> {
  const total = concepts.reduce(
    (sum, { photos, regularisation }) =>
      sum + viewCount(photos.length, regularisation.length, settings),
    0,
  );
  const vae = await openVaeEncoder(model, runtime);
  try {
    let done = 0;
    const options = {
      size: pictureSize(model),
      onView: () => onView?.(++done, total),
      signal,
    };
    const targets: Example[][] = [];
    for (const [i, concept] of concepts.entries()) {
      const caption = captionOf(settings.template, concept);
      const pictures = concept.photos.map((picture) => ({ picture, caption }));
      const { augment, views, seed } = settings;
      // Views of the first concept are the same whether it is trained alone or with others.
      const augmentation = { augmented: augment, views, seed: seed + i };
      targets.push(await targetExamples(vae, pictures, augmentation, options));
    }
    const regularisation: Example[][] = [];
    for (const concept of concepts) {
      regularisation.push(await regularisationExamples(vae, concept.regularisation, options));
    }
    return { targets, regularisation };
  } finally {
    await vae.release();
  }
}

/** "photo of a <new1> bear" (Custom Diffusion section 3.2). */
function captionOf(template: string, { token, category }: NewToken): string {
  return template.replaceAll("{}", () => `${token} ${category}`);
}
