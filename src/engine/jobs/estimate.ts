/** @file What a training run will take: measured speeds of this device times what there is to do. */
import { StudioError } from "../../core/errors.ts";
import type {
  Estimate,
  EstimateRequest,
  EstimateSubject,
  MemoryBudget,
} from "../../rpc/contracts.ts";
import { planRun } from "../plan/plan-run.ts";
import { quickRequest } from "../sample/quick-request.ts";
import { viewCount } from "../train/examples.ts";
import { missingRegularisation } from "./generated-regularisation.ts";
import { Intervals } from "./intervals.ts";
import type { OpenModel } from "./open-model.ts";

/**
 * Passes of the UNet that an image of a training step, and a view through the VAE's encoder, are worth where they have
 * not been measured: forward and a bit more than as much backward; bench/results of the default model.
 */
const TRAINED_IMAGE_PASSES = 2.2;
const VIEW_PASSES = 1;

/** @param serial runs what computes, in its turn */
export async function estimate(
  open: OpenModel,
  request: EstimateRequest & { readonly memory: MemoryBudget },
  serial: <T>(task: () => Promise<T>) => Promise<T>,
): Promise<Estimate> {
  const { model } = open;
  const { settings, memory } = request;
  const previews = request.previewImages > 0;
  const plan = await planRun(model, open.runtime, settings, {
    budget: memory,
    precision: "auto",
    previews,
  });
  let known = await open.readSpeeds();
  if (known.pass === undefined) {
    known = { ...known, pass: await serial(() => measurePass(open)) };
    await open.keepSpeeds(known);
  }
  const { pass = 0 } = known;
  const { trainedImage = pass * TRAINED_IMAGE_PASSES, view = pass * VIEW_PASSES } = known;
  const missing = await missingRegularisation(model, paintedSets(request.subjects));
  const views = request.subjects.reduce(
    (sum, { photos, regularisation }) => sum + viewCount(photos, regularisation, settings),
    0,
  );
  const { steps, guidance } = quickRequest(model, "", []);
  const image = (steps * pass * (guidance === 1 ? 1 : 2)) / 1000;
  const parts = {
    regularisation: missing * image,
    views: (views * view) / 1000,
    steps: (settings.steps * settings.batch * trainedImage) / 1000,
    previews: request.previewImages * image,
  };
  return {
    seconds: parts.regularisation + parts.views + parts.steps + parts.previews,
    parts,
    measured: known.trainedImage !== undefined,
    plan,
  };
}

/** How many images of each category are painted or kept: subjects of one category share theirs. */
function paintedSets(subjects: readonly EstimateSubject[]): ReadonlyMap<string, number> {
  const sets = new Map<string, number>();
  for (const { generated, category, regularisation } of subjects) {
    const key = category.toLowerCase();
    if (generated) sets.set(key, Math.max(regularisation, sets.get(key) ?? 0));
  }
  return sets;
}

/** Milliseconds of one latent through the UNet. */
async function measurePass({ pipeline, model }: OpenModel): Promise<number> {
  const times = new Intervals();
  const enough = new AbortController();
  const request = quickRequest(model, "", [0]);
  const measured = pipeline.generate(request, {
    signal: enough.signal,
    onStep: (done) => {
      times.mark();
      if (done === 4) enough.abort();
    },
  });
  await measured.catch((error: unknown) => {
    if (!(error instanceof StudioError) || error.code !== "cancelled") throw error;
  });
  return (times.median ?? 0) / (request.guidance === 1 ? 1 : 2);
}
