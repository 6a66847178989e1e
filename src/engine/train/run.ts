/** @file A training run from photos to a concept: latents prepared, steps taken, checkpoints handed out, resumed where asked. */
import { throwIfAborted } from "../../core/cancel.ts";
import type { Concept } from "../../core/concept/concept.ts";
import type { TrainingChoices } from "../../core/plan/choices.ts";
import { StudioError } from "../../core/errors.ts";
import {
  checkCategory,
  checkModifierToken,
  PromptTokenizer,
} from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import { whileCompiling } from "../ort/compiling.ts";
import type { Runtime } from "../ort/runtime.ts";
import { runtimeFor } from "../plan/runtime-for.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { checkSettings, type TrainSettings } from "../../core/train/settings.ts";
import { LeftOut } from "./left-out.ts";
import { pictureDigest } from "./picture-digest.ts";
import { type NewConcept, type PoolEvents, preparePools } from "./pools.ts";
import type { Pools } from "./draw.ts";
import type { StepReport } from "./step-report.ts";
import { Trainer } from "./trainer.ts";

export interface TrainingInput {
  readonly settings: TrainSettings;
  readonly concepts: readonly NewConcept[];
  /** Where an earlier run of the same settings and pictures stopped. */
  readonly resume?: Checkpoint | undefined;
  /** Latents that `onPools` gave for the same settings and pictures; left out, they are prepared. */
  readonly pools?: Pools | undefined;
  /** A plan's: what is done so that it fits. A run may go on under another plan, with the same results but for rounding. */
  readonly choices?: TrainingChoices | undefined;
}

export interface TrainingEvents extends PoolEvents {
  /** What of a regularisation caption does not fit into the text encoder. */
  readonly onCut?: (caption: string, cut: string) => void;
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  /** Called every `CHECKPOINT_EVERY` steps, and with the last step before a cancellation is thrown. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
  /** Asked after every step: whether to make a checkpoint now. */
  readonly wantsCheckpoint?: () => boolean;
  /** Before the first step on a GPU: pipelines compiled so far. */
  readonly onCompiled?: (done: number) => void;
  /** Latents are prepared. */
  readonly onPools?: (pools: Pools) => void;
  /** After every step, told of or not: what was learnt so far, read where it is asked for. */
  readonly onLearnt?: (step: number, concept: () => Promise<Concept>) => void | Promise<void>;
}

export interface TrainingResult {
  readonly concept: Concept;
  /** Target and regularisation loss of each step [n, 2]. */
  readonly history: Float32Array;
}

/** Steps that a crash can cost at most. */
const CHECKPOINT_EVERY = 10;

/**
 * @throws StudioError "invalid-input" for settings, tokens or a checkpoint that cannot be, "cancelled" once the
 *   signal is aborted
 */
export async function runTraining(
  model: Model,
  whole: Runtime,
  input: TrainingInput,
  events: TrainingEvents = {},
): Promise<TrainingResult> {
  const { settings, concepts, resume, choices } = input;
  const runtime = choices === undefined ? whole : runtimeFor(whole, choices);
  checkSettings(settings);
  checkConcepts(model, concepts);
  const regularised = concepts.some(({ regularisation }) => regularisation.length > 0);
  if (regularised && settings.batch < 2) {
    throw new StudioError(
      "invalid-input",
      "A batch of 1 has no room for a regularisation image beside the photo; choose a batch of 2 or more, or train without regularisation.",
    );
  }
  reportCuts(model, input, events);
  const record = await runRecord(input);
  if (resume !== undefined) checkResume(model, resume, record, settings.steps);

  // A run that is to end where its checkpoint is draws nothing more.
  const done = resume === undefined ? 0 : resume.state.step + resume.state.skipped;
  const nothing: Pools = { targets: [], regularisation: [] };
  const pools =
    input.pools ??
    (done < settings.steps ? await preparePools(model, runtime, input, events) : nothing);
  events.onPools?.(pools);
  const microBatch = choices?.microBatch ?? settings.microBatch;
  const trainer = await Trainer.open(model, runtime, { ...settings, microBatch }, concepts);
  try {
    const history: number[] = [...(resume?.history ?? [])];
    const leftOut = new LeftOut(runtime.precision, resume?.state.skipped ?? 0);
    if (resume !== undefined) await trainer.restore(resume.state);
    const tell = async (reports: readonly StepReport[]): Promise<void> => {
      for (const report of reports) {
        history.push(report.targetLoss, report.regularisationLoss);
        await events.onStep?.(report);
        leftOut.add(report);
      }
    };
    const save = async (): Promise<void> => {
      if (events.onCheckpoint === undefined) return;
      await tell(await trainer.reports());
      await events.onCheckpoint({
        fingerprint: model.fingerprint,
        settings: record,
        state: await trainer.state(),
        history: Float32Array.from(history),
      });
    };
    if (trainer.step < settings.steps) {
      await whileCompiling(
        runtime.device,
        (compiled) => events.onCompiled?.(compiled),
        () => trainer.warmUp(),
      );
    }
    while (trainer.step < settings.steps) {
      if (events.signal?.aborted === true && trainer.step > 0) await save();
      throwIfAborted(events.signal);
      await tell(await trainer.next(pools));
      const due = trainer.step % CHECKPOINT_EVERY === 0 && trainer.step < settings.steps;
      // Asked in any case: a checkpoint that is due answers the wish for one.
      const wanted = events.wantsCheckpoint?.() === true;
      if (due || wanted) await save();
      await events.onLearnt?.(trainer.step, async () => {
        await tell(await trainer.reports());
        return trainer.concept();
      });
    }
    await tell(await trainer.reports());
    const losses = Float32Array.from(history);
    const skipped = leftOut.count === 0 ? {} : { skipped: leftOut.count };
    const metrics = { steps: trainer.step, ...skipped, ...lastLosses(losses) };
    return { concept: await trainer.concept(metrics), history: losses };
  } finally {
    await trainer.release();
  }
}

function reportCuts(model: Model, { concepts }: TrainingInput, events: TrainingEvents): void {
  const captions = concepts.flatMap(({ regularisation }) =>
    regularisation.map(({ caption }) => caption),
  );
  const tokens = concepts.map(({ token }) => token);
  const tokenizer = new PromptTokenizer(model.tokenizer, model.vocabularySize, tokens);
  for (const caption of new Set(captions)) {
    const { cut } = tokenizer.encode(caption);
    if (cut !== null) events.onCut?.(caption, cut);
  }
}

/** Everything a resumed run has to share with the one it goes on from, but for the number of steps. */
async function runRecord({
  settings,
  concepts,
}: TrainingInput): Promise<Readonly<Record<string, unknown>>> {
  const regularisation = concepts.flatMap((concept) => concept.regularisation);
  const counts = concepts.map((concept) => concept.regularisation.length);
  const shared = Object.entries(settings).filter(([name]) => name !== "steps");
  return {
    ...Object.fromEntries(shared),
    concepts: concepts.map(({ token, category }) => ({ token, category })),
    photos: await Promise.all(concepts.map(({ photos }) => pictureDigest(photos))),
    regularisation: await pictureDigest(regularisation.map(({ picture }) => picture)),
    captions: regularisation.map(({ caption }) => caption),
    // Checkpoints of one concept are from before there were several.
    ...(counts.length > 1 ? { regularisationOfEach: counts } : {}),
  };
}

function checkResume(
  model: Model,
  { fingerprint, settings, state }: Checkpoint,
  record: Readonly<Record<string, unknown>>,
  steps: number,
): void {
  const refuse = (what: string): never => {
    throw new StudioError(
      "invalid-input",
      `The checkpoint cannot be resumed: ${what}; start again without it, or with what it was made with.`,
    );
  };
  if (fingerprint !== model.fingerprint) refuse("it was made with another base model");
  for (const key of new Set([...Object.keys(record), ...Object.keys(settings)])) {
    if (JSON.stringify(settings[key]) !== JSON.stringify(record[key])) {
      refuse(`its "${key}" differs from this run's`);
    }
  }
  if (state.step + state.skipped > steps) {
    refuse(`it is at step ${state.step + state.skipped}, beyond the ${steps} asked for`);
  }
}

function checkConcepts(model: Model, concepts: readonly NewConcept[]): void {
  if (concepts.length === 0) {
    throw new StudioError("invalid-input", "There is nothing to train: name at least one concept.");
  }
  for (const { token, category, photos } of concepts) {
    checkModifierToken(token);
    checkCategory(model.tokenizer, category);
    if (photos.length > 0) continue;
    throw new StudioError("invalid-input", `There are no photos for ${token}; give at least one.`);
  }
}

/** Mean losses of the last tenth of the steps. */
function lastLosses(history: Float32Array): Record<string, number> {
  const steps = history.length / 2;
  const last = Math.max(1, Math.round(steps / 10));
  const mean = (column: number): number => {
    let sum = 0;
    for (let step = steps - last; step < steps; step++) sum += history[2 * step + column] ?? 0;
    return sum / last;
  };
  const [targetLoss, regularisationLoss] = [mean(0), mean(1)];
  return { targetLoss, ...(Number.isNaN(regularisationLoss) ? {} : { regularisationLoss }) };
}
