/** @file The training store: events become state, endings let go of everything, late events change nothing. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import type { TrainEvent, TrainOutcome } from "../rpc/contracts.ts";
import { createTrainingStore } from "./training-store.ts";
import { titleWithProgress } from "./training-title.ts";

/** An engine whose training ends when the test says so. */
function setUp(history?: Float32Array) {
  const calls: string[] = [];
  let emit: (event: TrainEvent) => void = () => undefined;
  let settle: { resolve: (outcome: TrainOutcome) => void; reject: (error: unknown) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const store = createTrainingStore({
    engine: {
      train: (runId, _memory, onEvent) => {
        calls.push(`train ${runId}`);
        emit = onEvent;
        return new Promise((resolve, reject) => {
          settle = { resolve, reject };
        });
      },
      stop: (job) => Promise.resolve(void calls.push(`stop ${job}`)),
      checkpoint: (runId) => Promise.resolve(void calls.push(`checkpoint ${runId}`)),
    },
    readHistory: () => Promise.resolve(history),
    changed: (what, runId) => void calls.push(`changed ${what} ${runId}`),
    holdWakeLock: () => {
      calls.push("awake");
      return () => void calls.push("asleep");
    },
  });
  return {
    store,
    calls,
    emit: (event: TrainEvent) => emit(event),
    settle: () => settle,
  };
}

const run = { id: "r", step: 0, settings: { steps: 4 } };
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const steps = (step: number, target: number): TrainEvent => ({
  kind: "steps",
  points: [{ step, target, regularisation: NaN, skipped: false }],
  millisecondsPerStep: 10,
});

describe("the training store", () => {
  it("follows a run from its preparation to its end", async () => {
    const { store, calls, emit, settle } = setUp();
    const end = store.getState().train(run);
    await settled();
    expect(store.getState().activeRunId).toBe("r");
    emit({ kind: "stage", stage: "views", done: 3, total: 16 });
    expect(store.getState().active?.stage).toEqual({ name: "views", done: 3, total: 16 });
    emit(steps(1, 0.5));
    emit(steps(2, 0.25));
    emit({ kind: "checkpoint", step: 2 });
    expect(store.getState().active).toMatchObject({
      stage: null,
      step: 2,
      steps: 4,
      millisecondsPerStep: 10,
      checkpointStep: 2,
    });
    expect([...store.getState().losses.columns().target]).toEqual([0.5, 0.25]);
    settle().resolve({ kind: "finished", conceptId: "c" });
    expect(await end).toEqual({ kind: "finished", conceptId: "c" });
    expect(store.getState().activeRunId).toBeNull();
    expect(calls).toEqual([
      "awake",
      "train r",
      "changed run r",
      "asleep",
      "changed run r",
      "changed previews r",
      "changed concepts r",
    ]);
    emit(steps(3, 9));
    expect(store.getState().losses.length).toBe(2);
  });

  it("goes on after the losses of the checkpoint, not of steps that are repeated", async () => {
    const { store } = setUp(Float32Array.of(1, 0, 2, 0, 3, 0));
    void store.getState().train({ ...run, step: 2 });
    await settled();
    expect([...store.getState().losses.columns().target]).toEqual([1, 2]);
    expect(store.getState().active?.step).toBe(2);
  });

  it("keeps the reason of a failure, and lets the machine sleep", async () => {
    const { store, calls, settle } = setUp();
    const end = store.getState().train(run);
    await settled();
    const error = new StudioError("session-failed", "There is no memory left.");
    settle().reject(error);
    expect(await end).toBeNull();
    expect(store.getState().failure).toEqual({ runId: "r", error });
    expect(calls).toContain("asleep");
  });

  it("trains one run at a time", async () => {
    const { store, calls } = setUp();
    void store.getState().train(run);
    await settled();
    expect(await store.getState().train({ ...run, id: "other" })).toBeNull();
    expect(calls.filter((call) => call.startsWith("train"))).toEqual(["train r"]);
  });

  it("asks the engine to stop and to keep a checkpoint", async () => {
    const { store, calls, settle } = setUp();
    await store.getState().pause();
    expect(calls).toEqual([]);
    const end = store.getState().train(run);
    await settled();
    await store.getState().saveCheckpoint();
    await store.getState().pause();
    expect(store.getState().active?.stopping).toBe(true);
    expect(calls).toContain("checkpoint r");
    expect(calls).toContain("stop r");
    settle().resolve({ kind: "paused", step: 1 });
    expect(await end).toEqual({ kind: "paused", step: 1 });
  });

  it("shows a notice once, however often it comes", async () => {
    const { store, emit } = setUp();
    void store.getState().train(run);
    await settled();
    emit({ kind: "notice", sentence: "A step was left out." });
    emit({ kind: "notice", sentence: "A step was left out." });
    expect(store.getState().notices).toEqual({ runId: "r", sentences: ["A step was left out."] });
  });
});

describe("the title while training", () => {
  it.each([
    ["Concepts – Studio", 7, "7 % · Concepts – Studio"],
    ["7 % · Concepts – Studio", 12, "12 % · Concepts – Studio"],
    ["12 % · Concepts – Studio", null, "Concepts – Studio"],
    ["100 % cotton", null, "100 % cotton"],
  ])("%s at %s is %s", (title, percent, shown) => {
    expect(titleWithProgress(title, percent)).toBe(shown);
  });
});
