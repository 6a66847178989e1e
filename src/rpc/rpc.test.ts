/** @file The engine contract over a real message channel: values, progress, typed errors, a dying worker. */
import { expose } from "comlink";
import { afterEach, describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import { connectEngine, type EngineClient } from "./client.ts";
import type { EngineApi, Frame, GenerateEvent, OpenProgress } from "./contracts.ts";

const frame: Frame = { width: 1, height: 1, rgba: Uint8ClampedArray.of(1, 2, 3, 255) };

const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));

const engine: EngineApi = {
  breakdown: () => Promise.resolve(null),
  describeBackend(preference) {
    if (preference === "webgpu") throw new TypeError("no adapter");
    return Promise.resolve({
      chosen: "wasm",
      reason: "asked for",
      adapter: null,
      isFallbackAdapter: false,
      threads: 2,
      crossOriginIsolated: true,
    });
  },
  openModel(id, _preference, onProgress) {
    onProgress({ stage: "download", part: "unet", loaded: 1, total: 2 });
    onProgress({ stage: "download", part: "unet", loaded: 2, total: 2 });
    return Promise.reject(new StudioError("model-not-found", `There is no model "${id}".`));
  },
  generate(_job, onEvent) {
    onEvent({ kind: "preview", index: 0, frame });
    return Promise.resolve(["image"]);
  },
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
  close: () => new Promise(() => undefined),
};

const channels: MessageChannel[] = [];

function connect(death = new Promise<StudioError>(() => undefined)): EngineClient {
  const channel = new MessageChannel();
  channels.push(channel);
  expose(engine, channel.port1);
  return connectEngine(channel.port2, death, () => {
    channel.port2.close();
  });
}

afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

describe("the engine over a message channel", () => {
  it("returns values unchanged, typed arrays included", async () => {
    const client = connect();
    const seen: GenerateEvent[] = [];
    const job = {
      job: "1",
      prompt: "a cat",
      negativePrompt: "",
      sampler: "ddim",
      steps: 1,
      guidance: 1,
      eta: 0,
      seeds: [1],
      concept: null,
    } as const;
    expect(await client.generate(job, (event) => seen.push(event))).toEqual(["image"]);
    await expect.poll(() => seen).toEqual([{ kind: "preview", index: 0, frame }]);
    expect((await client.describeBackend("auto")).threads).toBe(2);
  });

  it("keeps the code of a StudioError, and calls back with progress in order", async () => {
    const seen: OpenProgress[] = [];
    const error: unknown = await connect()
      .openModel("nope", "auto", (progress) => seen.push(progress))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ code: "model-not-found", message: 'There is no model "nope".' });
    // Progress has a channel of its own and may arrive after the answer.
    await expect.poll(() => seen.map(({ loaded }) => loaded)).toEqual([1, 2]);
  });

  it("leaves other errors as they were", async () => {
    const error: unknown = await connect()
      .describeBackend("webgpu")
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(StudioError);
    expect(error).toMatchObject({ name: "TypeError", message: "no adapter" });
  });

  it("ends a waiting call when the worker dies, and calls that come after", async () => {
    let die: (reason: StudioError) => void = () => undefined;
    const client = connect(
      new Promise((resolve) => {
        die = resolve;
      }),
    );
    const call = client.close();
    const reason = new StudioError("engine-stopped", "The engine stopped (boom).");
    die(reason);
    await expect(call).rejects.toBe(reason);
    await expect(client.describeBackend("auto")).rejects.toBe(reason);
    expect(await client.death).toBe(reason);
  });
});
