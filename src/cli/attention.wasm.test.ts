/** @file `generate --attention` on the nano model: one picture a word beside each image, which stays what it is. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, writeNanoFolder } from "../../tests/support/cli.ts";
import { nanoConcept } from "../../tests/support/nano-concept.ts";
import { encodeConcept } from "../core/concept/concept-file.ts";
import { decodePng } from "../core/image/png.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { readModel } from "../engine/model/read-model.ts";
import { folderFiles } from "../hub/folder-files.ts";
import { generate } from "./generate.ts";

let folder: string;
let options: { model: string; concept: string[]; prompt: string; steps: string; backend: string };

const place = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-attention-"));
  const model = await writeNanoFolder(place("nano"));
  const nano = await readModel("nano", folderFiles(model));
  const concept = place("bear.concept.safetensors");
  const bytes = encodeConcept(nanoConcept(nano, "<new1>", "bear"), conceptLayout(nano));
  writeFileSync(concept, bytes);
  const prompt = "photo of a <new1> bear, asleep";
  options = { model, concept: [concept], prompt, steps: "2", backend: "wasm" };
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The studio's own operator keeps no probabilities; without it maps cost a picture no bit. */
const WITHOUT = "fused-attention";

it("writes a picture for each word of each image", async () => {
  const { model, concept, prompt } = options;
  const painted = cli([
    ...["generate", "--model", model, "--concept", concept[0]!, "--prompt", prompt],
    ...["--steps", "2", "--count", "2", "--seed", "7", "--backend", "wasm"],
    ...["--out", place("images"), "--attention", place("words"), "--json"],
    ...["--without", WITHOUT],
  ]);
  expect(painted.stderr).not.toMatch(/error/i);
  expect(painted.status).toBe(0);
  const words = ["photo", "of", "a", "new1", "bear", "asleep"];
  const names = [7, 8].flatMap((seed) =>
    words.map((word, i) => `photo-of-a-new1-bear-asleep-${seed}-0${i + 1}-${word}.png`),
  );
  expect(readdirSync(place("words")).toSorted()).toEqual(names);
  const report = JSON.parse(painted.stdout) as {
    images: { file: string; attention: { word: string; file: string; highest: number }[] }[];
  };
  const [first] = report.images;
  expect(first!.attention.map(({ word }) => word)).toEqual([
    ...["photo", "of", "a", "<new1>", "bear", "asleep"],
  ]);
  expect(first!.attention[0]!.file).toBe(path.join(place("words"), names[0]!));
  for (const { highest } of first!.attention) {
    expect(highest).toBeGreaterThan(0);
    expect(highest).toBeLessThan(1);
  }
  const pixelsOf = (file: string) => decodePng(readFileSync(file)).pixels;
  const image = pixelsOf(first!.file);
  const overlays = first!.attention.map(({ file }) => pixelsOf(file));
  for (const { width, height } of overlays) expect([width, height]).toEqual([128, 128]);
  expect(new Set(overlays.map(({ data }) => data.join())).size).toBe(words.length);

  // The image is the one that is painted without.
  await generate({ ...options, seed: "7", out: place("plain"), without: WITHOUT });
  expect(pixelsOf(path.join(place("plain"), path.basename(first!.file)))).toEqual(image);
});

it("refuses images that are sampled together, and a folder that is a file", async () => {
  const out = place("refused");
  const together = generate({ ...options, out, batch: "2", attention: place("no") });
  await expect(together).rejects.toThrow(/leave out --batch/);
  expect(existsSync(place("no"))).toBe(false);
  expect(existsSync(out)).toBe(false);
  const file = generate({ ...options, out, attention: options.concept[0]! });
  await expect(file).rejects.toThrow(/another with --attention/);
});
