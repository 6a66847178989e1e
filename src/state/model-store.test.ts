/** @file Opening a model: progress, result, failure, and only the newest of several requests counts. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import type { BackendPreference, EngineApi, ModelInfo, OpenProgress } from "../rpc/contracts.ts";
import { createModelStore } from "./model-store.ts";

function infoFor(preference: BackendPreference): ModelInfo {
  return {
    id: "toybox-256",
    name: "Toybox",
    fingerprint: "f",
    pictureSize: 256,
    textWidth: 256,
    backend: {
      chosen: preference === "webgpu" ? "webgpu" : "wasm",
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
}

/** An engine whose openings end when the test says so. */
function controlledEngine() {
  const openings: {
    preference: BackendPreference;
    progress: (progress: OpenProgress) => void;
    succeed: () => void;
    fail: (error: unknown) => void;
  }[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  const engine: EngineApi = {
    openModel: (_id, preference, progress) =>
      new Promise((resolve, reject) => {
        const succeed = (): void => {
          resolve(infoFor(preference));
        };
        openings.push({ preference, progress, succeed, fail: reject });
      }),
    breakdown: unused,
    describeBackend: unused,
    generate: unused,
    train: unused,
    stop: unused,
    checkpoint: unused,
    merge: unused,
    compressionChoices: unused,
    compress: unused,
    exportConcept: unused,
    inspectFile: unused,
    checkForeign: unused,
    importForeign: unused,
    prospects: unused,
    estimate: unused,
    attention: unused,
    describeCategory: unused,
    countTokens: unused,
    importConcept: unused,
    close: unused,
  };
  return { engine, openings };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("the model store", () => {
  it("shows progress, then what was opened", async () => {
    const { engine, openings } = controlledEngine();
    const store = createModelStore(engine, "toybox-256");
    store.getState().open("auto");
    await settled();
    const progress = { stage: "download", part: "unet", loaded: 1, total: 4 } as const;
    openings[0]?.progress(progress);
    expect(store.getState().status).toEqual({ kind: "opening", progress });
    openings[0]?.succeed();
    await settled();
    expect(store.getState().status).toEqual({ kind: "open", info: infoFor("auto") });
    openings[0]?.progress({ ...progress, loaded: 4 });
    expect(store.getState().status.kind).toBe("open");
  });

  it("keeps the reason of a failure, and can be asked again", async () => {
    const { engine, openings } = controlledEngine();
    const store = createModelStore(engine, "nope");
    const error = new StudioError("model-not-found", "There is no such model.");
    store.getState().open("auto");
    await settled();
    openings[0]?.fail(error);
    await settled();
    expect(store.getState().status).toEqual({ kind: "failed", error });
    store.getState().open("wasm");
    await settled();
    expect(openings).toHaveLength(2);
    expect(store.getState().status.kind).toBe("opening");
  });

  it("opens one at a time, and of those that wait only the newest", async () => {
    const { engine, openings } = controlledEngine();
    const store = createModelStore(engine, "toybox-256");
    store.getState().open("auto");
    await settled();
    store.getState().open("webgpu");
    store.getState().open("wasm");
    await settled();
    expect(openings.map(({ preference }) => preference)).toEqual(["auto"]);
    openings[0]?.succeed();
    await settled();
    expect(openings.map(({ preference }) => preference)).toEqual(["auto", "wasm"]);
    expect(store.getState().status.kind).toBe("opening");
    openings[1]?.succeed();
    await settled();
    expect(store.getState().status).toEqual({ kind: "open", info: infoFor("wasm") });
  });

  it("opens another model, and says so once a person's choice is open", async () => {
    const { engine, openings } = controlledEngine();
    const chosen: string[] = [];
    const store = createModelStore(engine, "nope", (id) => chosen.push(id));
    store.getState().open("wasm");
    await settled();
    openings[0]?.fail(new StudioError("model-not-found", "There is no such model."));
    await settled();
    const opened = store.getState().openModel("toybox-256");
    expect(store.getState()).toMatchObject({ modelId: "toybox-256", preference: "wasm" });
    await settled();
    openings[1]?.succeed();
    await opened;
    expect(store.getState().status.kind).toBe("open");
    expect(chosen).toEqual(["toybox-256"]);
  });
});
