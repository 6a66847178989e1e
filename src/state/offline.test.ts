/** @file Getting ready for offline: file by file, until none is missing or one cannot be kept. */
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import type { OfflineAnswer } from "../rpc/offline-contract.ts";
import { keepAll, type OfflineStatus, whenNothingIsPainted } from "./offline.ts";

async function statuses(answers: readonly OfflineAnswer[]): Promise<OfflineStatus[]> {
  const left = [...answers];
  const shown: OfflineStatus[] = [];
  await keepAll(
    () => {
      const answer = left.shift();
      return answer === undefined
        ? Promise.reject(new Error("asked once too often"))
        : Promise.resolve(answer);
    },
    (status) => shown.push(status),
  );
  expect(left).toEqual([]);
  return shown;
}

describe("keepAll", () => {
  it("shows how far it is, and is ready when nothing is missing", async () => {
    const answer = (missing: number) => ({ missing, total: 3, failure: null });
    expect(await statuses([answer(2), answer(1), answer(0)])).toEqual([
      { kind: "preparing", kept: 1, total: 3 },
      { kind: "preparing", kept: 2, total: 3 },
      { kind: "ready" },
    ]);
  });

  it("stops where a file cannot be kept, and says why", async () => {
    expect(await statuses([{ missing: 2, total: 3, failure: "no-room" }])).toEqual([
      { kind: "failed", failure: "no-room" },
    ]);
  });
});

describe("whenNothingIsPainted", () => {
  const generation = (...kinds: ("waiting" | "failed")[]) =>
    createStore(() => ({ jobs: kinds.map((kind) => ({ state: { kind } })) }));

  it("does not wait where nothing is painted", async () => {
    await whenNothingIsPainted(generation());
    await whenNothingIsPainted(generation("failed"));
  });

  it("waits for the last of the queue", async () => {
    const store = generation("waiting", "waiting");
    let quiet = false;
    const waiting = whenNothingIsPainted(store).then(() => (quiet = true));
    store.setState({ jobs: [{ state: { kind: "waiting" } }] });
    await Promise.resolve();
    expect(quiet).toBe(false);
    store.setState({ jobs: [] });
    await waiting;
  });
});
