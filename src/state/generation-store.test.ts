/** @file The queue: one job at a time, progress, cancelling, failing, trying again, events that come late. */
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import { StudioError } from "../core/errors.ts";
import type { Frame, GenerateEvent, GenerateJob, ModelInfo } from "../rpc/contracts.ts";
import { createCountdown } from "./countdown.ts";
import { createGenerationStore, type GenerateRequest } from "./generation-store.ts";
import type { ModelState, ModelStatus } from "./model-store.ts";

const info: ModelInfo = {
  id: "toybox-256",
  name: "Toybox",
  fingerprint: "f",
  pictureSize: 256,
  textWidth: 256,
  backend: {
    chosen: "wasm",
    reason: "asked for",
    adapter: null,
    isFallbackAdapter: false,
    threads: 1,
    crossOriginIsolated: false,
  },
  bytes: 1,
  without: [],
  unetNodes: { exported: 2, specialised: 1 },
  crossAttentionBlocks: 16,
  kvParameters: 3,
  latentShape: [1, 4, 32, 32],
  milliseconds: 1,
};
const open: ModelStatus = { kind: "open", info };

const request = (prompt: string, ...seeds: number[]): GenerateRequest => ({
  prompt,
  negativePrompt: "",
  sampler: "dpmpp-2m",
  steps: 4,
  guidance: 4.5,
  eta: 0,
  seeds: seeds.length === 0 ? [1] : seeds,
  concept: null,
});

/** A queue whose engine does what the test says, when it says so. */
function setUp(status: ModelStatus = open, stops = true) {
  const calls: {
    job: GenerateJob;
    emit: (event: GenerateEvent) => void;
    succeed: (imageIds: string[]) => void;
    fail: (error: unknown) => void;
  }[] = [];
  const stopped: string[] = [];
  const stored: string[] = [];
  const clock = { now: 0 };
  const models = createStore<ModelState>()(() => ({
    modelId: "toybox-256",
    preference: "auto",
    status,
    open: () => undefined,
    openModel: () => Promise.resolve(),
  }));
  const training = createStore<{ activeRunId: string | null }>()(() => ({ activeRunId: null }));
  let ids = 0;
  const store = createGenerationStore({
    engine: {
      generate: (job, emit) =>
        new Promise((succeed, fail) => {
          calls.push({ job, emit, succeed, fail });
        }),
      stop: (job) => {
        stopped.push(job);
        return stops ? Promise.resolve() : Promise.reject(new Error("no"));
      },
    },
    models,
    training,
    onImage: (id) => stored.push(id),
    now: () => clock.now,
    newId: () => `job ${++ids}`,
  });
  const { add, cancel, retry } = store.getState();
  const states = () => store.getState().jobs.map(({ state }) => state.kind);
  return { calls, stopped, stored, clock, models, training, store, add, cancel, retry, states };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("the queue of images", () => {
  it("gives the engine one job at a time, in order", async () => {
    const { calls, add, states, stored } = setUp();
    add(request("one"), null);
    add(request("two"), "Teddy");
    expect(states()).toEqual(["preparing", "waiting"]);
    expect(calls.map(({ job }) => job)).toEqual([{ job: "job 1", ...request("one") }]);
    calls[0]!.succeed(["image 1"]);
    await settled();
    expect(states()).toEqual(["preparing"]);
    expect(calls.map(({ job }) => job.prompt)).toEqual(["one", "two"]);
    // Its event may be late or lost; the answer names it as well.
    expect(stored).toEqual(["image 1"]);
  });

  it("waits until a model is open", async () => {
    const { calls, add, models, states } = setUp({ kind: "opening", progress: null });
    add(request("one"), null);
    expect(states()).toEqual(["waiting"]);
    models.setState({ status: { kind: "failed", error: new Error() } });
    expect(calls).toHaveLength(0);
    models.setState({ status: open });
    await settled();
    expect(states()).toEqual(["preparing"]);
  });

  it("waits while something is being trained", async () => {
    const { calls, add, training, states } = setUp();
    training.setState({ activeRunId: "run" });
    add(request("one"), null);
    expect(states()).toEqual(["waiting"]);
    expect(calls).toHaveLength(0);
    training.setState({ activeRunId: null });
    await settled();
    expect(states()).toEqual(["preparing"]);
  });

  it("shows what the engine says, no more often than people can read", () => {
    const { calls, clock, add, store } = setUp();
    add(request("one"), null);
    const { emit } = calls[0]!;
    const state = () => store.getState().jobs[0]!.state;
    emit({ kind: "preparing", what: "the concept" });
    expect(state()).toEqual({ kind: "preparing", what: "the concept" });
    const progress = (time: number, done: number) => {
      clock.now = time;
      emit({ kind: "progress", done, total: 4 });
      return state();
    };
    const step = { kind: "sampling", total: 4 } as const;
    expect(progress(1000, 1)).toEqual({ ...step, done: 1, millisecondsLeft: null });
    expect(progress(1050, 2)).toEqual({ ...step, done: 1, millisecondsLeft: null });
    expect(progress(1100, 3)).toEqual({ ...step, done: 3, millisecondsLeft: 50 });
    expect(progress(1110, 4)).toEqual({ ...step, done: 4, millisecondsLeft: 0 });
    emit({ kind: "cut", text: "p", cut: "the end" });
    emit({ kind: "cut", text: "p", cut: "the end" });
    expect(store.getState().jobs[0]!.cuts).toEqual(["the end"]);
  });

  it("keeps the newest preview of each image, of the running job alone", async () => {
    const { calls, add, store } = setUp();
    const frame = (): Frame => ({ width: 1, height: 1, rgba: new Uint8ClampedArray(4) });
    const [first, second] = [frame(), frame()];
    add(request("one", 1, 2), null);
    add(request("two"), null);
    calls[0]!.emit({ kind: "preview", index: 0, frame: frame() });
    calls[0]!.emit({ kind: "preview", index: 0, frame: first });
    calls[0]!.emit({ kind: "preview", index: 1, frame: second });
    expect([...store.getState().frames.values()]).toEqual([first, second]);
    calls[0]!.succeed(["a", "b"]);
    await settled();
    calls[0]!.emit({ kind: "preview", index: 0, frame: frame() });
    expect(store.getState().frames.size).toBe(0);
    // An image that is announced late is in the gallery all the same.
    calls[0]!.emit({ kind: "image", index: 1, imageId: "b" });
    expect(store.getState().latestImageId).toBe("b");
  });

  it("drops a waiting job at once, and a running one when it has stopped", async () => {
    const { calls, stopped, add, cancel, states, store } = setUp();
    add(request("one"), null);
    add(request("two"), null);
    add(request("three"), null);
    cancel("job 2");
    expect(store.getState().jobs.map(({ id }) => id)).toEqual(["job 1", "job 3"]);
    cancel("job 1");
    expect(stopped).toEqual(["job 1"]);
    calls[0]!.emit({ kind: "progress", done: 1, total: 4 });
    expect(states()).toEqual(["stopping", "waiting"]);
    calls[0]!.fail(new StudioError("cancelled", "Stopped on request."));
    await settled();
    expect(states()).toEqual(["preparing"]);
    expect(calls.map(({ job }) => job.prompt)).toEqual(["one", "three"]);
  });

  it("lets a job that could not be stopped go on", async () => {
    const { calls, add, cancel, states } = setUp(open, false);
    add(request("one"), null);
    cancel("job 1");
    await settled();
    calls[0]!.emit({ kind: "progress", done: 4, total: 4 });
    expect(states()).toEqual(["sampling"]);
  });

  it("keeps a failed job with its reason, goes on, and tries the rest of it again", async () => {
    const { calls, add, retry, cancel, states, store } = setUp();
    const error = new StudioError("session-failed", "Out of memory.");
    add(request("one", 5, 6, 7), "Teddy");
    add(request("two"), null);
    calls[0]!.emit({ kind: "image", index: 0, imageId: "a" });
    calls[0]!.fail(error);
    await settled();
    expect(states()).toEqual(["failed", "preparing"]);
    expect(store.getState().jobs[0]!.state).toEqual({ kind: "failed", error });
    retry("job 1");
    expect(store.getState().jobs.map(({ id }) => id)).toEqual(["job 2", "job 3"]);
    expect(store.getState().jobs[1]).toMatchObject({
      request: { prompt: "one", seeds: [6, 7] },
      conceptName: "Teddy",
    });
    calls[1]!.fail(error);
    await settled();
    cancel("job 2");
    expect(states()).toEqual(["preparing"]);
    expect(calls[2]!.job.seeds).toEqual([6, 7]);
  });
});

describe("createCountdown", () => {
  it("goes by the steps since the first, which came after the preparations", () => {
    const left = createCountdown();
    expect(left(1, 10, 60_000)).toBeNull();
    expect(left(1, 10, 60_000)).toBeNull();
    expect(left(3, 10, 64_000)).toBe(14_000);
    expect(left(10, 10, 70_000)).toBe(0);
  });
});
