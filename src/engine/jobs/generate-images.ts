/** @file The job of painting: images for a prompt, each into the gallery as soon as it is there. */
import { throwIfAborted } from "../../core/cancel.ts";
import { toPixels } from "../../core/image/convert.ts";
import {
  type ImageSettings,
  type UsedConcept,
  usedConcepts,
} from "../../core/image/image-settings.ts";
import { encodeImage } from "../../core/image/png-settings.ts";
import type { GenerateEvent, GenerateJob } from "../../rpc/contracts.ts";
import type { ConceptRecord } from "../../storage/concepts.ts";
import { recordWeighting } from "../../core/compose/record-weighting.ts";
import { images } from "../../storage/images.ts";
import { Intervals } from "./intervals.ts";
import { mergeOpen } from "./merge-stored.ts";
import type { OpenModel } from "./open-model.ts";
import { Throttle } from "./throttle.ts";

export interface GenerateControls {
  readonly signal: AbortSignal;
  /** Reads the captions that merges are kept true to, where the model has none of its own. */
  readonly everyday: () => Promise<string>;
}

/** Milliseconds between live previews. */
const PREVIEW_EVERY = 400;

/** Ids of the images in the gallery. */
export async function generateImages(
  open: OpenModel,
  job: GenerateJob,
  emit: (event: GenerateEvent) => void,
  { signal, everyday }: GenerateControls,
): Promise<string[]> {
  throwIfAborted(signal);
  const { used, composition } = await chooseConcepts(open, job, emit, { signal, everyday });
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
          ...(composition === undefined ? {} : { composition }),
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
  if (pass !== null && job.blend === undefined)
    await open.keepSpeeds({ pass: pass / (guidance === 1 ? 1 : 2) });
  return ids;
}

/** Puts what is painted with on the model; gives what a picture says of it. */
export async function chooseConcepts(
  open: OpenModel,
  { concept, blend }: Pick<GenerateJob, "concept" | "blend">,
  emit: (event: Extract<GenerateEvent, { kind: "preparing" }>) => void,
  { signal, everyday }: GenerateControls,
): Promise<Pick<ImageSettings, "composition"> & { readonly used: UsedConcept[] }> {
  if (blend === undefined) {
    emit({ kind: "preparing", what: concept === null ? "the model" : "the concept" });
    const record = await open.useStored(concept);
    return {
      used:
        record === null ? [] : usedConcepts({ ...named(record), strength: concept?.strength ?? 1 }),
    };
  }
  emit({ kind: "preparing", what: "the concepts" });
  const onProgress = (): void => undefined;
  const stored = await open.useBlend(blend, async (concepts) => {
    const merged = await mergeOpen(open, concepts, everyday, { onProgress, signal });
    return merged.concept;
  });
  return {
    used: stored.flatMap(({ record, tokens }, i) =>
      usedConcepts({ ...named(record), tokens, strength: blend.concepts[i]?.strength ?? 1 }),
    ),
    composition: blend.kind === "merged" ? { kind: "merged" } : recordWeighting(blend.weighting),
  };
}

function named({ id, name, tokens }: ConceptRecord): Pick<ConceptRecord, "id" | "name" | "tokens"> {
  return { id, name, tokens };
}
