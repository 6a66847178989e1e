/** @file An import as the page sees it: reviewed, under way with time left, stopped, failed, done. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import type {
  FolderReview,
  HubApi,
  ImportProgress,
  RemoteRequest,
  RemoteReview,
} from "../rpc/hub-contract.ts";
import type { Prospects } from "../core/plan/painting.ts";
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
const request: RemoteRequest = {
  address: { server: "https://huggingface.co", repository: "studio/nano", revision: "main" },
  token: "hf_secret",
};
const ofCommit: RemoteRequest = { ...request, address: { ...request.address, revision: "abc" } };
const remote: RemoteReview = {
  name: "studio/nano",
  licence: "cc0-1.0",
  gated: false,
  commit: "abc",
  files: [{ path: "unet/model.onnx", bytes: 100 }],
  bytes: 100,
  ignored: 0,
  stored: 0,
  free: null,
  facts: {
    bytes: 100,
    unetWeightBytes: 100,
    halfPrecision: null,
    unetParameters: null,
    unetConfig: { in_channels: 4 },
  },
};
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function setUp(prospects: Prospects | null = null) {
  const calls: string[] = [];
  const clock = { now: 0 };
  const running: {
    progress?: (progress: ImportProgress) => void;
    succeed?: (id: string) => void;
    fail?: (error: unknown) => void;
  } = {};
  const reviews = new Map([["studio/nano", Promise.resolve(remote)]]);
  const downloads: RemoteRequest[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  const hub: HubApi = {
    reviewFolder: (files) =>
      files.length > 0 ? Promise.resolve(review) : Promise.reject(new Error("empty")),
    importFolder: (_files, progress) =>
      new Promise((succeed, fail) => Object.assign(running, { progress, succeed, fail })),
    reviewRemote: ({ address }) =>
      reviews.get(address.repository) ?? Promise.reject(new Error("not there")),
    downloadModel: (asked, progress) => {
      downloads.push(asked);
      return new Promise((succeed, fail) => Object.assign(running, { progress, succeed, fail }));
    },
    stopLooking: () => Promise.resolve(void calls.push("stop looking")),
    cancel: () => Promise.resolve(void calls.push("cancel")),
    checkModel: unused,
    removeModel: unused,
    storageUse: unused,
    clearRegularisation: unused,
  };
  const store = createImportStore({
    hub,
    prospects: () => Promise.resolve(prospects),
    changed: () => calls.push("changed"),
    holdWakeLock: () => {
      calls.push("awake");
      return () => calls.push("asleep");
    },
    now: () => clock.now,
  });
  return { store, calls, clock, running, reviews, downloads };
}

const folder = Promise.resolve([{ path: "nano/unet/model.onnx", file: new Blob(["x"]) }]);

describe("an import", () => {
  it("is reviewed, then goes on with the time that is left, then is done", async () => {
    const { store, calls, clock, running } = setUp();
    await store.getState().look(folder);
    expect(store.getState().status).toEqual({
      kind: "reviewed",
      looked: { from: "folder", review },
    });
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
    expect(store.getState().status).toEqual({
      kind: "done",
      id: "nano",
      name: "nano",
      from: "folder",
    });
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
    expect(store.getState().status).toEqual({
      kind: "stopped",
      name: "nano",
      request: null,
    });
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
    expect(store.getState().status).toEqual({
      kind: "failed",
      error,
      from: "folder",
      request: null,
    });
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

describe("a download", () => {
  it("is of the commit that was looked at, with the time that the rest of it takes", async () => {
    const { store, clock, running, downloads } = setUp();
    await store.getState().lookAtServer(request);
    expect(store.getState().status).toEqual({
      kind: "reviewed",
      looked: { from: "server", review: remote, request, obstacle: null },
    });
    const done = store.getState().start();
    expect(downloads).toEqual([ofCommit]);
    // 40 bytes were here from before, and are found at once; then come 40 in a second.
    for (const [now, loaded, kept] of [
      [0, 40, 40],
      [1000, 80, 40],
    ] as const) {
      clock.now = now;
      const download = { fileLoaded: loaded, fileTotal: 100, kept, waiting: false };
      running.progress?.({ stage: "download", path: "a", loaded, total: 100, download });
    }
    expect(store.getState().status).toMatchObject({ kind: "importing", millisecondsLeft: 500 });
    const waiting = { fileLoaded: 80, fileTotal: 100, kept: 40, waiting: true };
    running.progress?.({ stage: "download", path: "a", loaded: 80, total: 100, download: waiting });
    expect(store.getState().status).toMatchObject({ millisecondsLeft: null });
    running.succeed?.("studio-nano");
    await done;
    expect(store.getState().status).toMatchObject({
      kind: "done",
      id: "studio-nano",
      from: "server",
    });
  });

  it("can go on after it was paused, and after it failed", async () => {
    const { store, running, downloads } = setUp();
    await store.getState().lookAtServer(request);
    let ended = store.getState().start();
    store.getState().cancel();
    running.fail?.(new StudioError("cancelled", "Stopped on request."));
    await ended;
    expect(store.getState().status).toEqual({
      kind: "stopped",
      name: "studio/nano",
      request: ofCommit,
    });
    ended = store.getState().resume(ofCommit);
    await settled();
    expect(store.getState().status).toMatchObject({ kind: "importing" });
    const error = new StudioError("download-failed", "Broke off.");
    running.fail?.(error);
    await ended;
    expect(store.getState().status).toEqual({
      kind: "failed",
      error,
      from: "server",
      request: ofCommit,
    });
    expect(downloads).toEqual([ofCommit, ofCommit]);
  });

  it("that cannot be looked at again can still be asked for again", async () => {
    const { store, reviews } = setUp();
    reviews.clear();
    await store.getState().resume(ofCommit);
    expect(store.getState().status).toMatchObject({ kind: "failed", request: ofCommit });
    await store.getState().lookAtServer(request);
    expect(store.getState().status).toMatchObject({ kind: "failed", request: null });
  });

  it("is refused with what its configuration says", async () => {
    const { store, reviews } = setUp();
    const inpainting = { ...remote, facts: { ...remote.facts, unetConfig: { in_channels: 9 } } };
    reviews.set("studio/nano", Promise.resolve(inpainting));
    await store.getState().lookAtServer(request);
    const { status } = store.getState();
    expect(status).toMatchObject({ kind: "reviewed", looked: { obstacle: { kind: "refused" } } });
  });

  it("is not looked for any longer once it is dismissed", async () => {
    const { store, calls } = setUp();
    const looking = store.getState().lookAtServer(request);
    store.getState().dismiss();
    await looking;
    expect(store.getState().status.kind).toBe("idle");
    expect(calls).toEqual(["stop looking"]);
  });
});

it("says of a model on a server what this device cannot do with it", async () => {
  const { store } = setUp({ training: "Training takes too much.", painting: null });
  await store.getState().lookAtServer({
    address: { repository: "studio/nano", revision: "main", server: "https://huggingface.co" },
    token: null,
  });
  expect(store.getState().status).toMatchObject({
    kind: "reviewed",
    looked: { obstacle: { kind: "limited", sentence: "Training takes too much. It can paint." } },
  });
});
