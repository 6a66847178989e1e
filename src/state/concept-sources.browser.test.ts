/** @file What stored concepts were trained on, read back from the browser's storage: whole, or not at all. */
import { expect, it } from "vitest";
import { defaultSettings } from "../core/train/settings.ts";
import { runFiles } from "../storage/run-files.ts";
import { type RunRecord, runs } from "../storage/runs.ts";
import { readConceptSources } from "./concept-sources.ts";

const png = new Blob([Uint8Array.of(1)]);
const photo = (name: string) => ({ name, png });

/** A run of a cat with one photo and a dog with two, which has pictures of other dogs. */
async function jointRun(): Promise<RunRecord> {
  const run: RunRecord = {
    version: 2,
    id: crypto.randomUUID(),
    name: "Both",
    createdAt: 0,
    updatedAt: 0,
    status: "finished",
    model: { id: "nano", fingerprint: "f" },
    subjects: [
      { token: "<new1>", category: "cat", photos: 1, regularisation: { kind: "none" } },
      {
        token: "<new2>",
        category: "dog",
        photos: 2,
        regularisation: { kind: "given", count: 1, from: "a test" },
      },
    ],
    settings: { ...defaultSettings(16), steps: 12 },
    previews: { prompts: [], every: 0, seed: 1 },
    step: 12,
    error: null,
    conceptId: "c",
  };
  await runFiles.write(run.id, "photos", ["1", "2", "3"].map(photo));
  await runFiles.write(run.id, "regularisation", [{ caption: "a dog", png }]);
  await runs.put(run);
  return run;
}

const concept = (id: string, runId: string | null, words = 2) => ({
  id,
  runId,
  tokens: ["cat", "dog"].slice(0, words).map((category) => ({ token: "<new1>", category })),
});

it("gives each word of a concept its own photos and pictures", async () => {
  const run = await jointRun();
  const source = (await readConceptSources([concept("c", run.id)])).get("c");
  expect(source?.steps).toBe(12);
  expect(source?.subjects.map(({ category, photos }) => [category, photos.length])).toEqual([
    ["cat", 1],
    ["dog", 2],
  ]);
  expect(source?.subjects[1]?.photos.map(({ name }) => name)).toEqual(["2", "3"]);
  expect(source?.subjects.map(({ given }) => given.length)).toEqual([0, 1]);
});

it("has nothing for a concept without a run, of a run that was deleted, or whose photos are gone", async () => {
  const [whole, cut, deleted] = [await jointRun(), await jointRun(), await jointRun()];
  await runFiles.write(cut.id, "photos", [photo("1")]);
  await runFiles.remove(deleted.id, "everything");
  await runs.remove(deleted.id);
  const sources = await readConceptSources([
    concept("whole", whole.id),
    concept("file", null),
    concept("deleted", deleted.id),
    concept("cut", cut.id),
    concept("other words", whole.id, 1),
  ]);
  expect([...sources.keys()]).toEqual(["whole"]);
});
