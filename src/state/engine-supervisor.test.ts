/** @file The engine that everybody holds: waits to be started, says when it stopped, goes on in another worker. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import type { EngineClient } from "../rpc/client.ts";
import { superviseEngine } from "./engine-supervisor.ts";

/** Engines whose deaths the test decides. */
function engines() {
  const started: { die: (error: StudioError) => void; terminated: boolean }[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error("not part of this test"));
  const start = (): EngineClient => {
    const number = started.length + 1;
    let die: (error: StudioError) => void = () => undefined;
    const death = new Promise<StudioError>((resolve) => (die = resolve));
    const entry = { die, terminated: false };
    started.push(entry);
    return {
      death,
      terminate: () => {
        entry.terminated = true;
      },
      countTokens: () => Promise.resolve({ kept: number, cut: null }),
      close: () => death.then((error) => Promise.reject(error)),
      breakdown: unused,
      describeBackend: unused,
      openModel: unused,
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
      importConcept: unused,
    };
  };
  return { start, started };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const reason = new StudioError("engine-stopped", "The engine stopped (boom).");

describe("the supervised engine", () => {
  it("starts when it may, and answers what was asked before", async () => {
    const { start, started } = engines();
    let mayStart: () => void = () => undefined;
    const { engine } = superviseEngine(start, new Promise((resolve) => (mayStart = resolve)));
    const answer = engine.countTokens("a", []);
    await settled();
    expect(started).toHaveLength(0);
    mayStart();
    expect(await answer).toEqual({ kept: 1, cut: null });
  });

  it("says that it stopped, ends what is left of it, and goes on with another", async () => {
    const { start, started } = engines();
    const { engine, state } = superviseEngine(start, Promise.resolve());
    const waiting = engine.close();
    await settled();
    started[0]!.die(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(state.getState().stopped).toBe(reason);
    expect(started[0]!.terminated).toBe(true);
    state.getState().restart();
    expect(state.getState().stopped).toBeNull();
    expect(await engine.countTokens("a", [])).toEqual({ kept: 2, cut: null });
  });

  it("is started again by opening a model", async () => {
    const { start, started } = engines();
    const { engine, state } = superviseEngine(start, Promise.resolve());
    await settled();
    started[0]!.die(reason);
    await settled();
    await expect(engine.openModel("toybox-256", "auto", () => undefined)).rejects.toThrow();
    expect(started).toHaveLength(2);
    expect(state.getState().stopped).toBeNull();
  });

  it("starts no second engine beside one that runs", async () => {
    const { start, started } = engines();
    const { state } = superviseEngine(start, Promise.resolve());
    await settled();
    state.getState().restart();
    expect(started).toHaveLength(1);
  });
});
