/**
 * @file The engine's jobs on the nano model, with the browser's own storage: what is trained, painted and kept, what a
 * stop and a damaged checkpoint leave, and that going on equals going straight.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoConcept } from "../../../tests/support/nano-concept.ts";
import { nanoTraining } from "../../../tests/support/nano-training.ts";
import { openNano } from "../../../tests/support/open-nano.ts";
import { conceptBytes, storedRun, trainStored } from "../../../tests/support/stored-run.ts";
import { encodeConcept } from "../../core/concept/concept-file.ts";
import { StudioError } from "../../core/errors.ts";
import { readImageSettings } from "../../core/image/png-settings.ts";
import type { AttentionProgress, Blend, GenerateEvent, GenerateJob } from "../../rpc/contracts.ts";
import { concepts } from "../../storage/concepts.ts";
import { images } from "../../storage/images.ts";
import { runFiles } from "../../storage/run-files.ts";
import { runs } from "../../storage/runs.ts";
import { conceptLayout } from "../model/concept-layout.ts";
import { planRun } from "../plan/plan-run.ts";
import { quickRequest } from "../sample/quick-request.ts";
import { attentionMaps } from "./attention-maps.ts";
import { estimate } from "./estimate.ts";
import { generateImages } from "./generate-images.ts";
import { mergeStored } from "./merge-stored.ts";
import { holdRun } from "./hold-run.ts";
import type { OpenModel } from "./open-model.ts";
import { storeImported } from "./store-concept.ts";

let open: OpenModel;

beforeAll(async () => {
  open = await openNano();
});

afterAll(() => open.release());

const train = (id: string, stopAt?: number) => trainStored(open, id, stopAt);

it("trains a stored run into a stored concept, with every loss and the previews asked for", async () => {
  const run = await storedRun(open, {
    previews: { prompts: ["photo of a <new1> bear"], every: 5, seed: 1 },
  });
  const { outcome, events } = await train(run.id);
  const points = events.flatMap((event) => (event.kind === "steps" ? event.points : []));
  expect(points.map(({ step }) => step)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
  expect(await runFiles.read(run.id, "history")).toEqual(
    Float32Array.from(points.flatMap(({ target, regularisation }) => [target, regularisation])),
  );
  expect((await runFiles.previews(run.id)).map(({ step }) => step)).toEqual([5, 10, 13]);
  expect(await runs.get(run.id)).toMatchObject({ status: "finished", step: 13 });
  expect(await runFiles.read(run.id, "checkpoint")).toBeUndefined();
  const record = outcome.kind === "finished" ? await concepts.get(outcome.conceptId) : undefined;
  expect(record).toMatchObject({ name: "Noise", source: "trained", runId: run.id });
  expect(record?.thumbnails).toHaveLength(2);
});

it("stops with a checkpoint and goes on, from the page's memory or without it, to the very same file", async () => {
  const straight = await conceptBytes((await train((await storedRun(open)).id)).outcome);
  for (const forgets of [false, true]) {
    const run = await storedRun(open);
    expect((await train(run.id, 11)).outcome).toEqual({ kind: "paused", step: 11 });
    expect(await runs.get(run.id)).toMatchObject({ status: "paused", step: 11 });
    if (forgets) open.pools = null;
    const { outcome } = await train(run.id);
    expect(await conceptBytes(outcome)).toEqual(straight);
    expect(await runFiles.read(run.id, "history")).toHaveLength(26);
  }
});

it("falls back on the checkpoint before where the last is damaged, and says so", async () => {
  const straight = await conceptBytes((await train((await storedRun(open)).id)).outcome);
  const run = await storedRun(open);
  await train(run.id, 12);
  const last = await runFiles.read(run.id, "checkpoint");
  await runFiles.writeCheckpoint(run.id, last!.slice(0, 1000), new Float32Array(24));
  // What is the last but one now was whole.
  const { outcome, events } = await train(run.id);
  expect(events).toContainEqual({
    kind: "notice",
    sentence: expect.stringContaining("damaged") as string,
  });
  expect(await conceptBytes(outcome)).toEqual(straight);
});

it("refuses a run that another tab trains, and one for another model, and leaves both as they are", async () => {
  const run = await storedRun(open);
  await holdRun(run.id, async () => {
    await expect(train(run.id)).rejects.toMatchObject({ code: "invalid-input" });
  });
  expect(await runs.get(run.id)).toEqual(run);
  const other = await storedRun(open, { model: { id: "sd", fingerprint: "f" } });
  await expect(train(other.id)).rejects.toThrow(/open "sd"/);
  expect(await runs.get(other.id)).toEqual(other);
});

const JOB: GenerateJob = {
  job: "1",
  prompt: "photo of a <new1> bear",
  negativePrompt: "",
  sampler: "ddim",
  steps: 3,
  guidance: 3,
  eta: 0,
  seeds: [5, 6],
  concept: null,
};

/** Captions of the test's own: the nano model is no judge of everyday English. */
const CAPTIONS = Array.from({ length: 200 }, (_, i) => `photo of a ${i} bear and ${i * 7} dogs`);

const everyday = (): Promise<string> => Promise.resolve(CAPTIONS.join("\n"));

const controls = (signal = new AbortController().signal) => ({ signal, everyday });

it("paints into the gallery, previews on the way, the settings in each PNG", async () => {
  const trained = (await train((await storedRun(open)).id)).outcome;
  const id = trained.kind === "finished" ? trained.conceptId : "";
  const events: GenerateEvent[] = [];
  const job = { ...JOB, concept: { id, strength: 0.5 } };
  const ids = await generateImages(open, job, (event) => events.push(event), controls());
  expect(ids).toHaveLength(2);
  expect(events.at(-1)).toEqual({ kind: "image", index: 1, imageId: ids[1] });
  expect(events.filter(({ kind }) => kind === "preview").length).toBeGreaterThan(0);
  for (const [i, imageId] of ids.entries()) {
    const image = await images.get(imageId);
    expect(image?.settings).toMatchObject({
      seed: job.seeds[i],
      concepts: [{ id, token: "<new1>", category: "bear", strength: 0.5 }],
    });
    const png = new Uint8Array(await image!.png.arrayBuffer());
    expect(readImageSettings(png)).toEqual(image!.settings);
  }
  // The same again from the same seed, and something else without the concept.
  const pngOf = async (imageId: string): Promise<Uint8Array> =>
    new Uint8Array(await (await images.get(imageId))!.png.arrayBuffer());
  const again = await generateImages(open, job, () => undefined, controls());
  expect(await pngOf(again[0]!)).toEqual(await pngOf(ids[0]!));
  const plain = await generateImages(open, JOB, () => undefined, controls());
  expect(await pngOf(plain[0]!)).not.toEqual(await pngOf(ids[0]!));
});

it("stops painting where it is asked to, and keeps what was painted before", async () => {
  const stop = new AbortController();
  const before = (await images.ids()).length;
  const painting = generateImages(
    open,
    JOB,
    ({ kind }) => {
      if (kind === "image") stop.abort();
    },
    controls(stop.signal),
  );
  await expect(painting).rejects.toMatchObject({ code: "cancelled" });
  expect((await images.ids()).length).toBe(before + 1);
});

it("paints with two concepts, merged and composed, and says so in the settings", async () => {
  const store = async (token: string, category: string): Promise<string> => {
    const bytes = encodeConcept(
      nanoConcept(open.model, token, category),
      conceptLayout(open.model),
    );
    return storeImported(open, new Blob([bytes]), category, []);
  };
  // Both of one name: the second gets another.
  const chosen = [await store("<new1>", "bear"), await store("<new1>", "dog")].map((id) => ({
    id,
    strength: 1,
  }));
  const job = { ...JOB, seeds: [1], prompt: "a <new1> bear and a <new2> dog" };
  const blends: Blend[] = [
    { kind: "merged", concepts: chosen },
    { kind: "composed", concepts: chosen, weighting: { kind: "solved" } },
    { kind: "composed", concepts: chosen, weighting: { kind: "fixed", weights: [1, 3] } },
  ];
  const pngs: Uint8Array[] = [];
  for (const blend of blends) {
    const [imageId] = await generateImages(open, { ...job, blend }, () => undefined, controls());
    const image = await images.get(imageId!);
    expect(image?.settings).toMatchObject({
      concepts: [
        { id: chosen[0]!.id, token: "<new1>", category: "bear" },
        { id: chosen[1]!.id, token: "<new2>", category: "dog" },
      ],
      composition: blend.kind === "merged" ? { kind: "merged" } : { kind: blend.weighting.kind },
    });
    pngs.push(new Uint8Array(await image!.png.arrayBuffer()));
  }
  expect(pngs[0]).not.toEqual(pngs[1]);
  expect(pngs[1]).not.toEqual(pngs[2]);

  // Where the words look: of merged concepts as of one, and nothing is stored for it.
  const before = await images.ids();
  const events: AttentionProgress[] = [];
  const look = ({ seeds, ...way }: GenerateJob, blend?: Blend) =>
    attentionMaps(
      open,
      { ...way, seed: seeds[0]!, ...(blend === undefined ? {} : { blend }) },
      (event) => events.push(event),
      controls(),
    );
  const seen = await look(job, blends[0]);
  expect(seen).toMatchObject({ height: 16, width: 16 });
  expect(seen.words.map(({ text }) => text)).toEqual([
    "a",
    "<new1>",
    "bear",
    "and",
    "a",
    "<new2>",
    "dog",
  ]);
  expect(seen.words.every(({ heat }) => heat.length === 16 * 16)).toBe(true);
  expect(events[0]).toMatchObject({ kind: "preparing" });
  expect(events.at(-1)).toEqual({ kind: "progress", done: job.steps, total: job.steps });
  await expect(look(job, blends[1])).rejects.toThrow(/merge them/);
  const gone = { ...job, concept: { id: "gone", strength: 1 } };
  await expect(look(gone)).rejects.toThrow(/not in the studio any more/);
  expect(await images.ids()).toEqual(before);

  const steps: string[] = [];
  const { conceptId, facts } = await mergeStored(
    open,
    { job: "merge", concepts: chosen, name: "Both" },
    everyday,
    { onProgress: ({ what }) => steps.push(what), signal: new AbortController().signal },
  );
  // The captions were read when the first picture was painted.
  expect(new Set(steps)).toEqual(new Set(["Merging"]));
  expect(facts.tokens).toEqual([["<new1>"], ["<new2>"]]);
  expect(facts.residual).toBeLessThan(1e-5);
  expect(await concepts.get(conceptId)).toMatchObject({
    name: "Both",
    source: "merged",
    tokens: [
      { token: "<new1>", category: "bear" },
      { token: "<new2>", category: "dog" },
    ],
  });
});

it("trains as its plan says: without previews where they do not fit, and not at all where nothing does", async () => {
  const previews = { prompts: ["photo of a <new1> bear"], every: 5, seed: 1 };
  const { settings } = nanoTraining({ steps: 13, batch: 2, microBatch: 1 });
  const planned = (wantsPreviews: boolean) =>
    planRun(open.model, open.runtime, settings, {
      ...{ budget: null, precision: "auto", previews: wantsPreviews },
    });
  // What the run needs at the least without what paints previews.
  const [{ peak }, whole] = [await planned(false), await planned(true)];
  expect(whole.choices.keepsSampling).toBe(true);
  expect(peak).toBeLessThan(whole.peak);

  const run = await storedRun(open, { previews });
  const { outcome, events } = await trainStored(open, run.id, Infinity, peak);
  expect(outcome.kind).toBe("finished");
  const said = events.flatMap((event) => (event.kind === "notice" ? [event.sentence] : []));
  expect(said.join()).toMatch(/no previews: what paints them/);
  expect(events.filter(({ kind }) => kind === "preview")).toHaveLength(0);
  // What painted was put away meanwhile, and paints again.
  const [image] = await open.pipeline.generate(quickRequest(open.model, "a bear", [1]));
  expect(image!.picture.data.every(Number.isFinite)).toBe(true);

  const none = await storedRun(open, { previews });
  await expect(trainStored(open, none.id, Infinity, 1e6)).rejects.toThrow(
    /Training does not fit: at its least .* more than the 1 MB that it may use/,
  );
  expect(await runs.get(none.id)).toMatchObject({ status: "failed", step: 0 });
});

it("imports what it exported, and nothing that is damaged", async () => {
  const trained = (await train((await storedRun(open)).id)).outcome;
  const bytes = await conceptBytes(trained);
  const id = await storeImported(open, new Blob([bytes.slice()]), "Noise again", []);
  expect(await concepts.get(id)).toMatchObject({ name: "Noise again", source: "imported" });
  const before = await concepts.ids();
  const cut = storeImported(open, new Blob([bytes.slice(0, 5000)]), "Cut", []);
  await expect(cut).rejects.toBeInstanceOf(StudioError);
  expect(await concepts.ids()).toEqual(before);
});

it("estimates from what it measured, and says whether it trained before", async () => {
  const { settings } = nanoTraining();
  const serial = <T>(task: () => Promise<T>): Promise<T> => task();
  const request = {
    settings,
    subjects: [{ category: "bear", photos: 5, regularisation: 40, generated: true }],
    previewImages: 2,
    memory: null,
  };
  const guess = await estimate(open, request, serial);
  expect(guess.measured).toBe(true);
  const { regularisation, views, steps: stepping, previews } = guess.parts;
  expect(guess.seconds).toBeCloseTo(regularisation + views + stepping + previews, 9);
  // 40 images to paint against 2 previews of the same making.
  expect(regularisation / previews).toBeCloseTo(20, 6);
  expect(guess.plan).toMatchObject({ fits: true, choices: { segments: 1, keepsSampling: true } });
  const twice = await estimate(
    open,
    { ...request, settings: { ...settings, steps: 2 * settings.steps } },
    serial,
  );
  expect(twice.parts.steps / stepping).toBeCloseTo(2, 6);
  // Subjects of one category share what is painted; every photo has its views.
  const [bear] = request.subjects;
  const again = { ...bear!, category: "Bear", regularisation: 10 };
  const shared = await estimate(open, { ...request, subjects: [bear!, again] }, serial);
  expect(shared.parts.regularisation).toBeCloseTo(regularisation, 6);
  const dog = { ...bear!, category: "dog" };
  const joint = await estimate(open, { ...request, subjects: [bear!, dog] }, serial);
  expect(joint.parts.regularisation / regularisation).toBeCloseTo(2, 6);
  expect(joint.parts.views / views).toBeCloseTo(2, 6);
});
