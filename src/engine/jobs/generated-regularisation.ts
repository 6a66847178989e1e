/** @file Regularisation images painted by the base model: those that are kept, and the missing ones painted now. */
import { toPixels, toPlanes } from "../../core/image/convert.ts";
import { decodePng, encodePng } from "../../core/image/png.ts";
import { generatedRegularisation } from "../../storage/regularisation.ts";
import type { Model } from "../model/read-model.ts";
import { regularisationCaption, regularisationRequest } from "../sample/regularisation.ts";
import type { Picture } from "../train/examples.ts";
import type { OpenModel } from "./open-model.ts";

/**
 * How many images are not there yet.
 * @param sets how many are wanted of each category
 */
export async function missingRegularisation(
  model: Model,
  sets: ReadonlyMap<string, number>,
): Promise<number> {
  const wanted = [...sets].flatMap(([category, count]) =>
    Array.from({ length: count }, (_, seed) => keyOf(model, category, seed)),
  );
  const kept = await Promise.all(wanted.map((key) => generatedRegularisation.read(key)));
  return kept.filter((png) => png === undefined).length;
}

/** All images, in the order of their seeds. */
export async function paintRegularisation(
  open: OpenModel,
  category: string,
  count: number,
  { signal, onImage }: { readonly signal: AbortSignal; readonly onImage: (done: number) => void },
): Promise<Picture[]> {
  const { model, pipeline } = open;
  const caption = regularisationCaption(category);
  const pictures = new Map<number, Picture>();
  for (let seed = 0; seed < count; seed++) {
    const png = await generatedRegularisation.read(keyOf(model, category, seed));
    if (png === undefined) continue;
    const { pixels } = decodePng(new Uint8Array(await png.arrayBuffer()));
    pictures.set(seed, { picture: toPlanes(pixels), caption });
  }
  onImage(pictures.size);
  const seeds = Array.from({ length: count }, (_, seed) => seed).filter(
    (seed) => !pictures.has(seed),
  );
  if (seeds.length > 0) {
    await open.useStored(null);
    await pipeline.generate(regularisationRequest(model, category, seeds), {
      signal,
      onImage: async ({ seed, picture }) => {
        // 8 bits a channel at once, so that a second run sees the same numbers.
        const pixels = toPixels(picture);
        const png = new Blob([encodePng(pixels)], { type: "image/png" });
        await generatedRegularisation.write(keyOf(model, category, seed), png);
        pictures.set(seed, { picture: toPlanes(pixels), caption });
        onImage(pictures.size);
      },
    });
  }
  return [...pictures].sort(([a], [b]) => a - b).map(([, picture]) => picture);
}

function keyOf(model: Model, category: string, seed: number): string {
  const { sampler, steps, guidance } = regularisationRequest(model, category, [seed]);
  const way = `${sampler}-${steps}-${guidance}`;
  return [model.fingerprint.slice(0, 16), category.toLowerCase(), way, seed].join("/");
}
