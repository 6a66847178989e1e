/** @file The job of painting: images for a prompt, each into the gallery as soon as it is there. */
import { throwIfAborted } from "../../core/cancel.ts";
import { toPixels } from "../../core/image/convert.ts";
import type { ImageSettings, UsedConcept } from "../../core/image/image-settings.ts";
import { encodeImage } from "../../core/image/png-settings.ts";
import type { GenerateEvent, GenerateJob } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../storage/concepts.ts";
import { images } from "../../storage/images.ts";
import { Intervals } from "./intervals.ts";
import type { OpenModel } from "./open-model.ts";
import { Throttle } from "./throttle.ts";

/** Milliseconds between live previews. */
const PREVIEW_EVERY = 400;

/** Ids of the images in the gallery. */
export async function generateImages(
  open: OpenModel,
  job: GenerateJob,
  emit: (event: GenerateEvent) => void,
  signal: AbortSignal,
): Promise<string[]> {
  throwIfAborted(signal);
  emit({ kind: "preparing", what: job.concept === null ? "the model" : "the concept" });
  const record = await open.useStored(job.concept);
  const used = record === null ? [] : conceptsUsed(record, job.concept?.strength ?? 1);
  const { prompt, negativePrompt, sampler, steps, guidance, eta, seeds } = job;
  const way = { prompt, negativePrompt, sampler, steps, guidance, eta };
  const ids: string[] = [];
  const previews = new Throttle(PREVIEW_EVERY);
  const clock = new Intervals();
  await open.pipeline.generate(
    { ...way, seeds, batch: 1 },
    {
      signal,
      onCut: (text, cut) => emit({ kind: "cut", text, cut }),
      onClean: async (index, clean) => {
        clock.mark();
        if (!previews.due()) return;
        emit({ kind: "preview", index, frame: await open.preview.frame(clean()) });
        clock.restart();
      },
      onStep: (done, total) => emit({ kind: "progress", done, total }),
      onImage: async ({ seed, picture }) => {
        const pixels = toPixels(picture);
        const settings: ImageSettings = {
          ...way,
          seed,
          model: { id: open.model.id, fingerprint: open.model.fingerprint },
          concepts: used,
          backend: open.backend.chosen,
        };
        const id = crypto.randomUUID();
        await images.put({
          version: 1,
          id,
          createdAt: Date.now(),
          width: pixels.width,
          height: pixels.height,
          settings,
          png: new Blob([encodeImage(pixels, settings)], { type: "image/png" }),
        });
        ids.push(id);
        emit({ kind: "image", index: ids.length - 1, imageId: id });
        clock.restart();
      },
    },
  );
  const pass = clock.median;
  if (pass !== null) await open.keepSpeeds({ pass: pass / (guidance === 1 ? 1 : 2) });
  return ids;
}

function conceptsUsed({ id, name, tokens }: ConceptRecord, strength: number): UsedConcept[] {
  return tokens.map(({ token, category }) => ({ id, name, token, category, strength }));
}
