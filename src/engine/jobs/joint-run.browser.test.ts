/**
 * @file A stored run of two subjects on the nano model: both learn, each from its own photos; going on equals going
 * straight; and a run that an earlier version of the studio stored goes on as if it were of this one.
 */
import { createStore, set } from "idb-keyval";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openNano } from "../../../tests/support/open-nano.ts";
import {
  conceptBytes,
  storedJointRun,
  storedRun,
  trainStored,
} from "../../../tests/support/stored-run.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { concepts } from "../../storage/concepts.ts";
import { runFiles } from "../../storage/run-files.ts";
import { runs } from "../../storage/runs.ts";
import type { OpenModel } from "./open-model.ts";

let open: OpenModel;
let straight: Awaited<ReturnType<typeof trainStored>>;

beforeAll(async () => {
  open = await openNano();
  straight = await trainStored(open, (await storedJointRun(open, ORIGINALS)).id);
});

afterAll(() => open.release());

const ORIGINALS = ["concept of a bear", "concept of a dog"] as const;

/** How far each token's row is from where training put it at first. */
function moved({ tokens }: Concept): number[] {
  return tokens.map(({ row, initialRow }) =>
    Math.hypot(...row.map((x, i) => x - (initialRow[i] ?? 0))),
  );
}

it("teaches both subjects, and says of which concepts they come", async () => {
  const { outcome, events } = straight;
  const painting = events.flatMap((event) =>
    event.kind === "stage" && event.stage === "regularisation" ? [event] : [],
  );
  expect(painting.at(-1)).toMatchObject({ done: 2, total: 2 });
  const bytes = await conceptBytes(outcome);
  const concept = open.decodeConcept(bytes);
  expect(concept.tokens.map(({ token, category }) => [token, category])).toEqual([
    ["<new1>", "bear"],
    ["<new2>", "dog"],
  ]);
  for (const distance of moved(concept)) expect(distance).toBeGreaterThan(1e-3);
  const record = outcome.kind === "finished" ? await concepts.get(outcome.conceptId) : undefined;
  expect(record).toMatchObject({ name: "Both", originals: [...ORIGINALS] });
  // Two photos of the one and three of the other: two of each are shown.
  expect(record?.thumbnails).toHaveLength(4);
});

it("stops and goes on to the very same file", async () => {
  const run = await storedJointRun(open, ORIGINALS);
  const { outcome: paused } = await trainStored(open, run.id, 4);
  expect(paused).toEqual({ kind: "paused", step: 4 });
  // As after a reload: photos and painted images come from the store again.
  open.pools = null;
  const { outcome } = await trainStored(open, run.id);
  expect(await conceptBytes(outcome)).toEqual(await conceptBytes(straight.outcome));
});

it("trains on each subject's own photos, and refuses where some are gone", async () => {
  const run = await storedJointRun(open, ORIGINALS);
  const photos = await runFiles.read(run.id, "photos");
  await runFiles.write(run.id, "photos", photos!.slice(0, 4));
  await expect(trainStored(open, run.id)).rejects.toThrow(/photos of this run are not/);
  // Another photo for the second subject changes what comes of it.
  await runFiles.write(run.id, "photos", [...photos!.slice(0, 4), photos![0]!]);
  const { outcome } = await trainStored(open, run.id);
  expect(await conceptBytes(outcome)).not.toEqual(await conceptBytes(straight.outcome));
});

it("goes on with a run of version 1, to the same file as one of this version", async () => {
  const { settings } = await storedRun(open);
  const few = { settings: { ...settings, steps: 4 } };
  const usual = await trainStored(open, (await storedRun(open, few)).id);
  const { subjects, ...rest } = await storedRun(open, few);
  await trainStored(open, rest.id, 2);
  const { token, category, photos, regularisation } = subjects[0]!;
  const old = { ...rest, version: 1, status: "paused", step: 2 };
  await set(
    rest.id,
    { ...old, token, category, photos, regularisation },
    createStore("studio-runs", "records"),
  );
  expect(await runs.get(rest.id)).toEqual({ ...old, version: 2, subjects });
  expect((await runs.list()).unreadable).toBe(0);
  const { outcome } = await trainStored(open, rest.id);
  expect(await conceptBytes(outcome)).toEqual(await conceptBytes(usual.outcome));
  expect(await runs.get(rest.id)).toMatchObject({ version: 2, status: "finished", subjects });
});
