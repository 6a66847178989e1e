/** @file Each kind of storage is counted where it is written, in the browser's own database and cache. */
import { afterEach, expect, it } from "vitest";
import type { ImageSettings } from "../core/image/image-settings.ts";
import {
  byteSize,
  cachedAppBytes,
  clearGeneratedRegularisation,
  databaseBytes,
  storageEstimate,
} from "./usage.ts";
import { images } from "./images.ts";
import { generatedRegularisation } from "./regularisation.ts";
import { runFiles } from "./run-files.ts";

const CACHE = "usage-test";
const blob = new Blob([new Uint8Array(3000)]);

afterEach(async () => {
  await runFiles.remove("usage-test", "everything");
  await images.remove("usage-test");
  await clearGeneratedRegularisation();
  await caches.delete(CACHE);
});

it("counts what repositories write", async () => {
  const runs = await databaseBytes("runs");
  await runFiles.write("usage-test", "photos", [{ name: "a.png", png: blob }]);
  expect(await databaseBytes("runs")).toBeGreaterThanOrEqual(runs + 3000);

  const painted = await databaseBytes("images");
  const settings: ImageSettings = {
    prompt: "a bear",
    negativePrompt: "",
    sampler: "ddim",
    steps: 1,
    guidance: 1,
    eta: 0,
    seed: 1,
    model: { id: "nano", fingerprint: "" },
    concepts: [],
    backend: "wasm",
  };
  const size = { width: 1, height: 1 };
  await images.put({ version: 1, id: "usage-test", createdAt: 0, ...size, settings, png: blob });
  expect(await databaseBytes("images")).toBeGreaterThanOrEqual(painted + 3000);
  expect(await databaseBytes("concepts")).toBeGreaterThanOrEqual(0);
});

it("removes generated regularisation images", async () => {
  await generatedRegularisation.write("bear/1", blob);
  expect(await databaseBytes("regularisation")).toBeGreaterThanOrEqual(3000);
  await clearGeneratedRegularisation();
  expect(await databaseBytes("regularisation")).toBe(0);
  expect(await generatedRegularisation.read("bear/1")).toBeUndefined();
});

it("counts the cached app", async () => {
  const before = await cachedAppBytes();
  const cache = await caches.open(CACHE);
  await cache.put("/usage-test", new Response(blob));
  expect(await cachedAppBytes()).toBe(before + 3000);
});

it("asks the browser for the rest", async () => {
  const { used, quota } = await storageEstimate();
  expect(quota).toBeGreaterThan(used ?? Infinity);
});

it("measures values however deep they lie", () => {
  expect(byteSize({ a: [new Float32Array(4), "abc"], b: { c: blob }, d: null })).toBe(3020);
});
