/** @file The queue of images to paint: jobs wait on the page and go to the engine one by one. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { StudioError } from "../core/errors.ts";
import type { EngineApi, Frame, GenerateEvent, GenerateJob, JobId } from "../rpc/contracts.ts";
import { createCountdown } from "./countdown.ts";
import type { ModelStore } from "./model-store.ts";

export type JobState =
  | { readonly kind: "waiting" }
  /** `what` is null until the engine says what it is about. */
  | { readonly kind: "preparing"; readonly what: string | null }
  | {
      readonly kind: "sampling";
      readonly done: number;
      readonly total: number;
      readonly millisecondsLeft: number | null;
    }
  | { readonly kind: "stopping" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What is asked of the engine, but for the job's name. */
export type GenerateRequest = Omit<GenerateJob, "job">;

export interface QueuedJob {
  readonly id: JobId;
  readonly request: GenerateRequest;
  /** What the person calls the concept that is used. */
  readonly conceptName: string | null;
  readonly state: JobState;
  /** Positions in `request.seeds` whose images are in the gallery. */
  readonly painted: readonly number[];
  /** Ends of prompts that the text encoder does not read. */
  readonly cuts: readonly string[];
}

export interface GenerationState {
  /** In the order in which they are painted; a job that is finished or cancelled leaves. */
  readonly jobs: readonly QueuedJob[];
  /** Newest preview of each image of the job that runs. */
  readonly frames: ReadonlyMap<number, Frame>;
  /** The image that was finished last since the page was opened. */
  readonly latestImageId: string | null;
  readonly add: (request: GenerateRequest, conceptName: string | null) => void;
  /** Takes a job out: one that runs is asked to stop, and leaves once it has. */
  readonly cancel: (id: JobId) => void;
  /** Queues what a failed job did not get to. */
  readonly retry: (id: JobId) => void;
}

export type GenerationStore = StoreApi<GenerationState>;

interface Surroundings {
  readonly engine: Pick<EngineApi, "generate" | "stop">;
  /** Jobs wait until a model is open ... */
  readonly models: ModelStore;
  /** ... and nothing is being trained: in the engine's own queue they could not be cancelled before it ends. */
  readonly training: {
    readonly getState: () => { readonly activeRunId: string | null };
    readonly subscribe: (listener: () => void) => unknown;
  };
  /** An image is stored; may be called twice for one image. */
  readonly onImage: (imageId: string) => void;
  /** Milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
  readonly newId?: () => JobId;
}

/** Progress is published no more often than this, however fast the steps are. */
const PUBLISH_EVERY = 100;

export function createGenerationStore({
  engine,
  models,
  training,
  onImage,
  now = () => performance.now(),
  newId = () => crypto.randomUUID(),
}: Surroundings): GenerationStore {
  let running: JobId | null = null;

  const store = createStore<GenerationState>()((set, get) => ({
    jobs: [],
    frames: new Map(),
    latestImageId: null,
    add(request, conceptName) {
      const job: QueuedJob = {
        id: newId(),
        request,
        conceptName,
        state: { kind: "waiting" },
        painted: [],
        cuts: [],
      };
      set(({ jobs }) => ({ jobs: [...jobs, job] }));
      startNext();
    },
    cancel(id) {
      if (id !== running) {
        remove(id);
        return;
      }
      change(id, () => ({ state: { kind: "stopping" } }));
      // The job goes on and can be cancelled again; the state that comes next says so.
      engine.stop(id).catch(() => {
        change(id, () => ({ state: { kind: "preparing", what: null } }));
      });
    },
    retry(id) {
      const failed = get().jobs.find((job) => job.id === id && job.state.kind === "failed");
      if (failed === undefined) return;
      remove(id);
      const { request, painted, conceptName } = failed;
      const seeds = request.seeds.filter((_, index) => !painted.includes(index));
      get().add({ ...request, seeds }, conceptName);
    },
  }));

  const remove = (id: JobId): void =>
    store.setState(({ jobs }) => ({ jobs: jobs.filter((job) => job.id !== id) }));

  const change = (id: JobId, fields: (job: QueuedJob) => Partial<QueuedJob>): void =>
    store.setState(({ jobs }) => ({
      jobs: jobs.map((job) => (job.id === id ? { ...job, ...fields(job) } : job)),
    }));

  const stored = (imageId: string): void => {
    store.setState({ latestImageId: imageId });
    onImage(imageId);
  };

  /** A job that is being stopped shows nothing else any more. */
  const show = (id: JobId, state: JobState): void =>
    change(id, (job) => (job.state.kind === "stopping" ? {} : { state }));

  const listener = (id: JobId): ((event: GenerateEvent) => void) => {
    const millisecondsLeft = createCountdown();
    let published = -Infinity;
    return (event) => {
      if (event.kind === "image") {
        change(id, ({ painted }) => ({ painted: [...painted, event.index] }));
        stored(event.imageId);
        return;
      }
      // Events have a channel of their own, so the last of them may come after the answer.
      if (running !== id) return;
      switch (event.kind) {
        case "preparing":
          show(id, { kind: "preparing", what: event.what });
          return;
        case "progress": {
          const { done, total } = event;
          const time = now();
          const left = millisecondsLeft(done, total, time);
          if (time - published < PUBLISH_EVERY && done < total) return;
          published = time;
          show(id, { kind: "sampling", done, total, millisecondsLeft: left });
          return;
        }
        case "preview":
          store.setState(({ frames }) => ({
            frames: new Map(frames).set(event.index, event.frame),
          }));
          return;
        case "cut":
          change(id, ({ cuts }) =>
            cuts.includes(event.cut) ? {} : { cuts: [...cuts, event.cut] },
          );
      }
    };
  };

  const run = async ({ id, request }: QueuedJob): Promise<void> => {
    change(id, () => ({ state: { kind: "preparing", what: null } }));
    store.setState({ frames: new Map() });
    try {
      const imageIds = await engine.generate({ job: id, ...request }, listener(id));
      imageIds.forEach(stored);
      remove(id);
    } catch (error) {
      if (error instanceof StudioError && error.code === "cancelled") remove(id);
      else change(id, () => ({ state: { kind: "failed", error } }));
    }
    running = null;
    startNext();
  };

  const startNext = (): void => {
    if (running !== null || models.getState().status.kind !== "open") return;
    if (training.getState().activeRunId !== null) return;
    const next = store.getState().jobs.find(({ state }) => state.kind === "waiting");
    if (next === undefined) return;
    running = next.id;
    void run(next);
  };
  models.subscribe(startNext);
  training.subscribe(startNext);

  return store;
}
