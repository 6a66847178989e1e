/** @file The run that this tab trains: how far it is, and what a person may ask of it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EngineApi, TrainEvent, TrainOutcome } from "../rpc/contracts.ts";
import { LossBuffer } from "./loss-buffer.ts";
import { memoryBudgetStore } from "./memory-budget.ts";

export type TrainStage = Extract<TrainEvent, { kind: "stage" }>["stage"];

export interface ActiveRun {
  /** What it does beside steps of training; null while it trains. */
  readonly stage: {
    readonly name: TrainStage;
    readonly done: number;
    readonly total: number;
  } | null;
  /** Steps done. */
  readonly step: number;
  /** Steps it will have done at its end. */
  readonly steps: number;
  readonly millisecondsPerStep: number | null;
  /** Steps since it began or went on whose gradients were not finite: their updates were left out. */
  readonly leftOut: number;
  /** Of the newest checkpoint that is stored. */
  readonly checkpointStep: number;
  /** A pause was asked for, and waits for the step that runs. */
  readonly stopping: boolean;
}

export interface TrainingState {
  readonly activeRunId: string | null;
  /** Null where nothing trains. */
  readonly active: ActiveRun | null;
  /** Losses of the run that trains or trained last. */
  readonly losses: LossBuffer;
  /** What the run that trains or trained last had to say. */
  readonly notices: { readonly runId: string | null; readonly sentences: readonly string[] };
  /** Why training of a run ended, where it did not end well. */
  readonly failure: { readonly runId: string; readonly error: unknown } | null;
  /** Trains a stored run from where it is. Settles when it has finished, is paused or has failed. */
  readonly train: (run: TrainableRun) => Promise<TrainOutcome | null>;
  /** Stops the active run soon; it keeps a checkpoint. */
  readonly pause: () => Promise<void>;
  readonly saveCheckpoint: () => Promise<void>;
}

export interface TrainableRun {
  readonly id: string;
  /** Steps that its checkpoint holds. */
  readonly step: number;
  readonly settings: { readonly steps: number };
}

export type TrainingStore = StoreApi<TrainingState>;

export interface TrainingEnvironment {
  readonly engine: Pick<EngineApi, "train" | "stop" | "checkpoint">;
  /** Losses of the steps that a stored run has done, [n, 2]. */
  readonly readHistory: (runId: string) => Promise<Float32Array | undefined>;
  /** Something stored has changed: the run's record, its previews, or the list of concepts. */
  readonly changed: (what: "run" | "previews" | "concepts", runId: string) => void;
  /** Keeps the screen and the machine awake until the function it returns is called. */
  readonly holdWakeLock: () => () => void;
}

export function createTrainingStore(environment: TrainingEnvironment): TrainingStore {
  const { engine, readHistory, changed, holdWakeLock } = environment;

  return createStore<TrainingState>()((set, get) => {
    const update = (change: (active: ActiveRun) => Partial<ActiveRun>): void => {
      set(({ active }) => (active === null ? {} : { active: { ...active, ...change(active) } }));
    };

    const handle = (runId: string, event: TrainEvent): void => {
      // Events come by a channel of their own, so the last of a run may arrive after its answer.
      if (get().activeRunId !== runId) return;
      switch (event.kind) {
        case "stage":
          update(() => ({ stage: { name: event.stage, done: event.done, total: event.total } }));
          break;
        case "steps": {
          get().losses.append(event.points);
          const last = event.points.at(-1);
          const leftOut = event.points.filter(({ skipped }) => skipped).length;
          update((active) => ({
            stage: null,
            step: last?.step ?? active.step,
            leftOut: active.leftOut + leftOut,
            millisecondsPerStep: event.millisecondsPerStep,
          }));
          break;
        }
        case "preview":
          update(() => ({ stage: null }));
          changed("previews", runId);
          break;
        case "checkpoint":
          update(() => ({ checkpointStep: event.step }));
          changed("run", runId);
          break;
        case "notice":
          set(({ notices: { sentences } }) => ({
            notices: { runId, sentences: [...new Set([...sentences, event.sentence])] },
          }));
          break;
      }
    };

    return {
      activeRunId: null,
      active: null,
      losses: new LossBuffer(),
      notices: { runId: null, sentences: [] },
      failure: null,
      async train({ id, step, settings }) {
        if (get().activeRunId !== null) return null;
        const losses = new LossBuffer();
        const active: ActiveRun = {
          stage: null,
          step,
          steps: settings.steps,
          millisecondsPerStep: null,
          leftOut: 0,
          checkpointStep: step,
          stopping: false,
        };
        const notices = { runId: id, sentences: [] };
        set({ activeRunId: id, active, losses, notices, failure: null });
        const release = holdWakeLock();
        try {
          const history = await readHistory(id);
          if (history !== undefined) losses.load(history.subarray(0, 2 * step));
          return await engine.train(id, memoryBudgetStore.getState().bytes, (event) => {
            handle(id, event);
          });
        } catch (error) {
          set({ failure: { runId: id, error } });
          return null;
        } finally {
          release();
          set({ activeRunId: null, active: null });
          changed("run", id);
          changed("previews", id);
          changed("concepts", id);
        }
      },
      async pause() {
        const { activeRunId } = get();
        if (activeRunId === null) return;
        update(() => ({ stopping: true }));
        await engine.stop(activeRunId);
      },
      async saveCheckpoint() {
        const { activeRunId } = get();
        if (activeRunId !== null) await engine.checkpoint(activeRunId);
      },
    };
  });
}
