/**
 * @file Stored concepts made smaller, written for other tools and brought in again, on the nano model, with the browser's
 * own storage and files.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoConcept } from "../../../tests/support/nano-concept.ts";
import { openNano } from "../../../tests/support/open-nano.ts";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { compressedTo } from "../../core/concept/compress-concept.ts";
import { encodeConcept } from "../../core/concept/concept-file.ts";
import { withThumbnails } from "../../core/concept/concept-thumbnails.ts";
import { readStoredZip } from "../../core/exchange/zip-read.ts";
import { encodePng } from "../../core/image/png.ts";
import { type ConceptRecord, concepts } from "../../storage/concepts.ts";
import { conceptLayout } from "../model/concept-layout.ts";
import { compressStored, storedChoices } from "./compress-stored.ts";
import { exportStored } from "./export-stored.ts";
import { checkForeign, importForeign } from "./import-foreign.ts";
import { inspectFile } from "./inspect-file.ts";
import { OpenModel } from "./open-model.ts";
import { storeConcept } from "./store-concept.ts";

let open: OpenModel;
let bear: ConceptRecord;

beforeAll(async () => {
  open = await openNano();
  const id = await storeConcept(open, nanoConcept(open.model, "<new1>", "bear"), {
    name: "Bear",
    source: "trained",
    runId: "run",
    thumbnails: [new Blob(["picture"])],
  });
  bear = (await concepts.get(id))!;
});

afterAll(() => open.release());

const going = () => ({ onProgress: () => undefined, signal: new AbortController().signal });

const differenceOf = async (id: string): Promise<Float32Array> =>
  (await open.readStored(id)).concept().kvDifference!;

async function exported(
  to: "diffusers" | "delta-bin" | "lora" | "webui",
  strength = 1,
): Promise<File[]> {
  const job = { job: "1", conceptId: bear.id, to, keep: 1, strength };
  const { name, file, contents } = await exportStored(open, job, going());
  const bytes = new Uint8Array(await file.arrayBuffer());
  const files = name.endsWith(".zip") ? readStoredZip(bytes) : new Map([[name, bytes]]);
  expect([...files.keys()]).toEqual(contents);
  return [...files].map(([own, content]) => new File([content.slice()], own));
}

it("knows size and error of every share before anything is made, and makes a second concept", async () => {
  const seen: number[] = [];
  const choices = await storedChoices(
    open,
    { job: "1", conceptId: bear.id },
    { ...going(), onProgress: (done) => seen.push(done) },
  );
  expect(seen.at(0)).toBe(0);
  expect(seen.at(-1)).toBe(1);
  expect(choices).toHaveLength(91);
  const choice = choices.find(({ keep }) => keep === 0.4)!;
  const job = { job: "2", conceptId: bear.id, keep: 0.4, name: "Small bear" };
  const small = (await concepts.get(await compressStored(open, job, going())))!;
  expect(small).toMatchObject({
    name: "Small bear",
    source: "trained",
    runId: "run",
    tokens: bear.tokens,
  });
  expect(small.thumbnails).toHaveLength(1);
  expect(small.file.size).toBe(choice.bytes);
  expect(small.file.size).toBeLessThan(bear.file.size);
  expect(compressedTo(small.metrics)).toBe(0.4);
  const [before, after] = [await differenceOf(bear.id), await differenceOf(small.id)];
  expect(Math.abs(relativeL2(after, before) - choice.error)).toBeLessThan(2e-3);
  // What it was made of stays as it was.
  expect(await concepts.get(bear.id)).toEqual(bear);
});

it("hears a stop in the middle, and stores nothing then", async () => {
  const stop = new AbortController();
  const before = await concepts.ids();
  const stopped = compressStored(
    open,
    { job: "1", conceptId: bear.id, keep: 0.4, name: "Never" },
    {
      signal: stop.signal,
      onProgress: (done) => {
        // As a message that arrives while the worker computes.
        if (done > 0.3) setTimeout(() => stop.abort());
      },
    },
  );
  await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  expect(await concepts.ids()).toEqual(before);
});

it.each(["diffusers", "delta-bin", "lora", "webui"] as const)(
  "brings in what it wrote as %s, told by its bytes alone",
  async (to) => {
    const written = await exported(to, 0.5);
    // An embedding's name is no word of its own here: the file says it.
    const files = written.map((file, i) => new File([file], `${i}.download`));
    const held = [];
    for (const file of files) held.push(await inspectFile(open, file));
    const contents = held.flatMap((one) => (one.kind === "foreign" ? [one.content] : []));
    expect(contents).toHaveLength(files.length);
    expect(contents[0]).toMatchObject({ layers: 32, textWidth: 16 });
    expect(contents.flatMap(({ tokens }) => tokens)).toEqual(["<new1>"]);
    await checkForeign(open, files);
    const request = { files, categories: { "<new1>": "dog" }, name: "Again" };
    const record = (await concepts.get(await importForeign(open, request)))!;
    expect(record).toMatchObject({
      name: "Again",
      source: "imported",
      train: "kv+token",
      tokens: [{ token: "<new1>", category: "dog" }],
      baseModel: { fingerprint: open.model.fingerprint },
    });
    const half = (await differenceOf(bear.id)).map((x) => x / 2);
    expect(relativeL2(await differenceOf(record.id), half)).toBeLessThan(2 ** -9);
  },
);

it("refuses weights of another model, words that nobody explained, and stores nothing", async () => {
  const before = await concepts.ids();
  const [weights, word] = await exported("diffusers");
  const { kvWeights } = open.model;
  const other = kvWeights.map((x) => -x);
  const strange = new OpenModel(
    { ...open.model, kvWeights: other },
    open.runtime,
    open.backend,
    open.pipeline,
  );
  await expect(checkForeign(strange, [weights!, word!])).rejects.toThrow(/another model/);
  const unexplained = { files: [weights!, word!], categories: {}, name: "No" };
  await expect(importForeign(open, unexplained)).rejects.toThrow(/Say what <new1> is/);
  const empty = { ...unexplained, categories: { "<new1>": " " } };
  await expect(importForeign(open, empty)).rejects.toThrow(/no category/);
  await expect(checkForeign(open, [weights!, weights!])).rejects.toThrow(/leave one out/);
  expect(await concepts.ids()).toEqual(before);
});

it("tells concept files with their pictures, and names a file and what is wrong with it", async () => {
  const pixels = { width: 1, height: 1, data: new Uint8ClampedArray(3) };
  const bytes = encodeConcept(nanoConcept(open.model, "<new2>", "cat"), conceptLayout(open.model));
  const file = new File([withThumbnails(bytes, [encodePng(pixels)])], "Cat.safetensors");
  const found = await inspectFile(null, file);
  expect(found).toMatchObject({ kind: "concept", summary: { version: 1, train: "kv+token" } });
  expect(found.kind === "concept" ? found.thumbnails : []).toHaveLength(1);
  const refused = (content: BlobPart, name = "x.bin"): Promise<unknown> =>
    inspectFile(open, new File([content], name));
  await expect(refused(encodePng(pixels))).rejects.toThrow(/^“x\.bin”: .*looks like a picture/);
  await expect(refused(bytes.slice(0, 200))).rejects.toThrow(/cut short/);
  await expect(refused("")).rejects.toThrow(/neither a whole safetensors file nor/);
  // A pickle that asks for os.system: named, and not run.
  const pickle = Uint8Array.of(0x80, 2, ...new TextEncoder().encode("cos\nsystem\n"), 0x2e);
  await expect(refused(pickle)).rejects.toThrow(/^“x\.bin”: /);
  const whole = Object.defineProperty(new File([], "model.ckpt"), "size", { value: 4e9 });
  await expect(inspectFile(open, whole)).rejects.toThrow(/^“model\.ckpt”: .*256 MB/);
});
