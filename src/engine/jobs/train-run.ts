/** @file The job of training: a stored run from where it is to its concept, with everything it reaches kept on the way. */
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import { toPixels } from "../../core/image/convert.ts";
import { encodePng } from "../../core/image/png.ts";
import type { MemoryBudget, TrainEvent, TrainOutcome } from "../../rpc/contracts.ts";
import { runFiles } from "../../storage/run-files.ts";
import { type RunRecord, runs } from "../../storage/runs.ts";
import { pictureSize } from "../model/read-model.ts";
import { planRun, refuseUnfit } from "../plan/plan-run.ts";
import { encodeCheckpoint } from "../train/checkpoint.ts";
import { quickRequest } from "../sample/quick-request.ts";
import { runTraining } from "../train/run.ts";
import { holdRun } from "./hold-run.ts";
import type { JobControls } from "./jobs.ts";
import { Intervals } from "./intervals.ts";
import type { OpenModel } from "./open-model.ts";
import { runCheckpoint, runPhotos } from "./run-input.ts";
import { runRegularisation } from "./run-regularisation.ts";
import { StepTelemetry } from "./step-telemetry.ts";
import { storeTrained } from "./store-concept.ts";

export async function trainRun(
  open: OpenModel,
  { runId, memory }: { readonly runId: string; readonly memory: MemoryBudget },
  emit: (event: TrainEvent) => void,
  controls: JobControls,
): Promise<TrainOutcome> {
  const run = await runs.get(runId);
  if (run === undefined) {
    throw new StudioError("invalid-input", "This training run is not in the studio any more.");
  }
  if (run.model.fingerprint !== open.model.fingerprint) {
    throw new StudioError(
      "invalid-input",
      `This run trains on the model "${run.model.id}", and "${open.model.id}" is open; open "${run.model.id}" on the page Models first.`,
    );
  }
  return holdRun(runId, async () => {
    await change(runId, { status: "running", error: null });
    try {
      return await steps(open, run, memory, emit, controls);
    } catch (error) {
      if (error instanceof StudioError && error.code === "cancelled") {
        await change(runId, { status: "paused" });
        return { kind: "paused", step: (await runs.get(runId))?.step ?? 0 };
      }
      const sentence = error instanceof Error ? error.message : String(error);
      // Where even this cannot be written, the first error is the one to hear of.
      await change(runId, { status: "failed", error: sentence }).catch(() => undefined);
      throw error;
    }
  });
}

async function steps(
  open: OpenModel,
  run: RunRecord,
  memory: MemoryBudget,
  emit: (event: TrainEvent) => void,
  { signal, wantsCheckpoint }: JobControls,
): Promise<TrainOutcome> {
  const { model, runtime } = open;
  const wantsPreviews = run.previews.every > 0;
  const wish = { budget: memory, precision: "auto", previews: wantsPreviews } as const;
  const plan = await planRun(model, runtime, run.settings, wish);
  refuseUnfit(plan);
  const { choices } = plan;
  const previews = wantsPreviews && choices.keepsSampling;
  if (wantsPreviews && !previews) {
    const sentence = "There are no previews: what paints them does not fit beside the training.";
    emit({ kind: "notice", sentence });
  }
  const photos = await runPhotos(run, pictureSize(model));
  const regularisation = await runRegularisation(open, run, emit, signal);
  const resume = await runCheckpoint(run, (sentence) => emit({ kind: "notice", sentence }));
  if (!choices.keepsSampling) await open.pipeline.rest();
  const telemetry = new StepTelemetry(emit);
  const views = new Intervals();
  const { concept, history } = await runTraining(
    model,
    runtime,
    {
      settings: run.settings,
      concepts: run.subjects.map(({ token, category }, i) => ({
        token,
        category,
        photos: photos[i] ?? [],
        regularisation: regularisation[i] ?? [],
      })),
      resume,
      choices,
      pools: open.pools?.runId === run.id ? open.pools.pools : undefined,
    },
    {
      signal,
      wantsCheckpoint,
      onCut: (caption, cut) =>
        emit({
          kind: "notice",
          sentence: `The caption "${caption}" is longer than 77 tokens; left out: "${cut}".`,
        }),
      onView: (done, total) => {
        views.mark();
        emit({ kind: "stage", stage: "views", done, total });
      },
      onPools: (pools) => {
        open.pools = { runId: run.id, pools };
        emit({ kind: "stage", stage: "sessions", done: 0, total: 0 });
      },
      onCompiled: (done) => emit({ kind: "stage", stage: "compile", done, total: 0 }),
      onStep: (report) => telemetry.step(report),
      onCheckpoint: async (checkpoint) => {
        const { step, skipped } = checkpoint.state;
        const file = new Blob([await encodeCheckpoint(checkpoint)]);
        await runFiles.writeCheckpoint(run.id, file, checkpoint.history);
        await change(run.id, { step: step + skipped });
        emit({ kind: "checkpoint", step: step + skipped });
      },
      onLearnt: async (step, learnt) => {
        const { every } = run.previews;
        if (!previews || (step % every !== 0 && step !== run.settings.steps)) return;
        const concept = await learnt();
        telemetry.flush();
        await paintPreviews(open, run, step, concept, emit, signal);
      },
    },
  );
  telemetry.flush();
  const { millisecondsPerStep } = telemetry;
  await open.keepSpeeds({
    ...(views.median === null ? {} : { view: views.median }),
    ...(millisecondsPerStep === null
      ? {}
      : { trainedImage: millisecondsPerStep / run.settings.batch }),
  });
  // Losses first, then the concept, then the record that names it: what is named is always there.
  await runFiles.writeHistory(run.id, history);
  const conceptId = await storeTrained(open, concept, run, photos);
  await change(run.id, { status: "finished", step: run.settings.steps, conceptId });
  await runFiles.remove(run.id, "checkpoints");
  return { kind: "finished", conceptId };
}

/** Pictures of the prompts with what was learnt so far, from the same noise at every step. */
async function paintPreviews(
  open: OpenModel,
  run: RunRecord,
  step: number,
  concept: Concept,
  emit: (event: TrainEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { prompts, seed } = run.previews;
  await open.useUnstored(concept);
  for (const [index, prompt] of prompts.entries()) {
    emit({ kind: "stage", stage: "preview", done: index, total: prompts.length });
    const request = quickRequest(open.model, prompt, [seed]);
    const [image] = await open.pipeline.generate(request, { signal }).catch(noneWhenCancelled);
    // The loop of steps sees to the rest of a cancellation: it keeps a checkpoint first.
    if (image === undefined) return;
    const png = new Blob([encodePng(toPixels(image.picture))], { type: "image/png" });
    await runFiles.addPreview(run.id, index, { step, prompt, png });
    emit({ kind: "preview", step });
  }
}

function noneWhenCancelled(error: unknown): [] {
  if (error instanceof StudioError && error.code === "cancelled") return [];
  throw error;
}

function change(runId: string, fields: Partial<RunRecord>): Promise<void> {
  return runs.update(runId, (record) => ({ ...record, ...fields, updatedAt: Date.now() }));
}
