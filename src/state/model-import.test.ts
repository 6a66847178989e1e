/** @file An import as the page sees it: reviewed, under way with time left, stopped, failed, done. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import type { FolderReview, HubApi, ImportProgress } from "../rpc/hub-contract.ts";
import { createImportStore } from "./model-import.ts";

const review: FolderReview = {
  name: "nano",
  licence: null,
  bytes: 100,
  files: 9,
  ignored: 0,
  paintsOnly: false,
  stored: 0,
  free: null,
};
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function setUp() {
  const calls: string[] = [];
  const clock = { now: 0 };
  const running: {
    progress?: (progress: ImportProgress) => void;
    succeed?: (id: string) => void;
    fail?: (error: unknown) => void;
  } = {};
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  const hub: HubApi = {
    reviewFolder: (files) =>
      files.length > 0 ? Promise.resolve(review) : Promise.reject(new Error("empty")),
    importFolder: (_files, progress) =>
      new Promise((succeed, fail) => Object.assign(running, { progress, succeed, fail })),
    cancel: () => Promise.resolve(void calls.push("cancel")),
    checkModel: unused,
    removeModel: unused,
    storageUse: unused,
    clearRegularisation: unused,
  };
  const store = createImportStore({
    hub,
    changed: () => calls.push("changed"),
    holdWakeLock: () => {
      calls.push("awake");
      return () => calls.push("asleep");
    },
    now: () => clock.now,
  });
  return { store, calls, clock, running };
}

const folder = Promise.resolve([{ path: "nano/unet/model.onnx", file: new Blob(["x"]) }]);

describe("an import", () => {
  it("is reviewed, then goes on with the time that is left, then is done", async () => {
    const { store, calls, clock, running } = setUp();
    await store.getState().look(folder);
    expect(store.getState().status).toEqual({ kind: "reviewed", review });
    const done = store.getState().start();
    for (const [now, loaded] of [
      [0, 20],
      [1000, 40],
    ] as const) {
      clock.now = now;
      running.progress?.({ stage: "copy", path: "a", loaded, total: 100 });
    }
    expect(store.getState().status).toMatchObject({ kind: "importing", millisecondsLeft: 3000 });
    // Folders chosen meanwhile, and wishes to be rid of it, change nothing.
    await store.getState().look(folder);
    store.getState().dismiss();
    running.succeed?.("nano");
    await done;
    expect(store.getState().status).toEqual({ kind: "done", id: "nano", name: "nano" });
    expect(calls).toEqual(["awake", "asleep", "changed"]);
    store.getState().dismiss();
    expect(store.getState().status.kind).toBe("idle");
  });

  it("is stopped on request", async () => {
    const { store, calls, running } = setUp();
    await store.getState().look(folder);
    const done = store.getState().start();
    store.getState().cancel();
    running.progress?.({ stage: "copy", path: "a", loaded: 1, total: 100 });
    expect(store.getState().status).toMatchObject({ kind: "importing", stopping: true });
    running.fail?.(new StudioError("cancelled", "Stopped on request."));
    await done;
    expect(store.getState().status).toEqual({ kind: "stopped", name: "nano" });
    expect(calls).toContain("cancel");
  });

  it("says why a folder cannot be imported, or was not", async () => {
    const { store, running } = setUp();
    await store.getState().look(Promise.resolve([]));
    expect(store.getState().status).toMatchObject({ kind: "failed" });
    await store.getState().start();
    await store.getState().look(folder);
    const done = store.getState().start();
    const error = new StudioError("storage-full", "Full.");
    running.fail?.(error);
    await done;
    expect(store.getState().status).toEqual({ kind: "failed", error });
  });

  it("is of the folder that was chosen last", async () => {
    const { store } = setUp();
    const first = store.getState().look(folder);
    store.getState().dismiss();
    await first;
    await settled();
    expect(store.getState().status.kind).toBe("idle");
  });
});
