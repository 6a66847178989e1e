/** @file `merge`, `compose` and `convert` from end to end on the nano model: real files, and what they refuse. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, writeNanoFolder } from "../../tests/support/cli.ts";
import { relativeL2 } from "../../tests/support/compare.ts";
import { nanoConcept } from "../../tests/support/nano-concept.ts";
import { decodeConcept, encodeConcept } from "../core/concept/concept-file.ts";
import type { Concept } from "../core/concept/concept.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { type Model, readModel } from "../engine/model/read-model.ts";
import { folderFiles } from "../hub/folder-files.ts";
import { convert } from "./convert.ts";

let folder: string;
let modelFolder: string;
let model: Model;
let bear: string;
let dog: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-several-"));
  modelFolder = await writeNanoFolder(path.join(folder, "nano"));
  model = await readModel("nano", folderFiles(modelFolder));
  const write = (name: string, concept: Concept): string => {
    const file = path.join(folder, `${name}.concept.safetensors`);
    writeFileSync(file, encodeConcept(concept, conceptLayout(model)));
    return file;
  };
  bear = write("bear", nanoConcept(model, "<new1>", "bear"));
  dog = write("dog", nanoConcept(model, "<new2>", "dog"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const both = () => ["--concept", bear, "--concept", dog, "--model", modelFolder];
const place = (name: string): string => path.join(folder, name);
const read = (file: string): Concept =>
  decodeConcept(readFileSync(file), conceptLayout(model), model);

describe("merge", () => {
  it("writes one concept with both words", () => {
    const out = place("both.concept.safetensors");
    const merged = cli(["merge", ...both(), "--backend", "wasm", "--out", out, "--json"]);
    expect(merged.status).toBe(0);
    const report = JSON.parse(merged.stdout) as { report: { residual: number } };
    expect(report).toMatchObject({
      captions: 2000,
      concepts: [
        { token: "<new1>", category: "bear" },
        { token: "<new2>", category: "dog" },
      ],
    });
    expect(report.report.residual).toBeLessThan(1e-5);
    expect(read(out).tokens).toHaveLength(2);
  });

  it.each([
    ["one concept", () => ["--concept", bear], /given once/],
    ["strengths that do not go round", () => [...both(), "--strength", "1,2,3"], /one for each/],
    ["captions that are not there", () => [...both(), "--captions", "nowhere.txt"], /nowhere\.txt/],
  ])("refuses %s", (_, options, sentence) => {
    const out = place("refused.concept.safetensors");
    const refused = cli(["merge", "--model", modelFolder, ...options(), "--out", out]);
    expect(refused.stderr).toMatch(sentence);
    expect(refused.status).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});

describe("compose", () => {
  const painting = (out: string, ...more: string[]) =>
    cli([
      ...["compose", ...both(), "--prompt", "a <new1> bear and a <new2> dog", "--steps", "2"],
      ...["--backend", "wasm", "--out", place(out), "--json", ...more],
    ]);

  it("paints with weights that are solved, or given", () => {
    const pictures = [painting("solved"), painting("given", "--weights", "3,1")].map((run) => {
      expect(run.status).toBe(0);
      const { images } = JSON.parse(run.stdout) as { images: { file: string }[] };
      return readFileSync(images[0]!.file);
    });
    expect(pictures[0]).not.toEqual(pictures[1]);
  });

  it.each([
    ["weights that are words", ["--weights", "much,little"], /one number a concept/],
    ["too few weights", ["--weights", "1"], /1 weights for 2 concepts/],
    ["regions of another number", ["--regions", "public/samples/concepts/teddy-bear/1.png"], /fit/],
  ])("refuses %s", (_, options, sentence) => {
    const refused = painting("refused", ...options);
    expect(refused.stderr).toMatch(sentence);
    expect(refused.status).toBe(2);
    expect(existsSync(place("refused"))).toBe(false);
  });
});

describe("compress", () => {
  it("says size and error, writes when it is told to, and the file paints", () => {
    const options = ["compress", "--concept", bear, "--model", modelFolder, "--keep", "0.5"];
    const looked = cli([...options, "--json"]);
    expect(looked.status).toBe(0);
    const report = JSON.parse(looked.stdout) as { bytes: number; before: number; error: number };
    expect(report).toMatchObject({ out: null, before: readFileSync(bear).byteLength });
    expect(report.bytes).toBeLessThan(report.before);
    expect(report.error).toBeGreaterThan(0.1);
    const out = place("small.concept.safetensors");
    expect(cli([...options, "--out", out]).status).toBe(0);
    expect(readFileSync(out).byteLength).toBe(report.bytes);
    expect(relativeL2(read(out).kvDifference!, read(bear).kvDifference!)).toBeCloseTo(
      report.error,
      2,
    );
    const painted = cli([
      ...["generate", "--concept", out, "--model", modelFolder, "--backend", "wasm"],
      ...["--prompt", "a <new1> bear", "--steps", "1", "--out", place("painted")],
    ]);
    expect(painted.status).toBe(0);
    const refused = cli([...options, "--keep", "2", "--out", place("no.concept.safetensors")]);
    expect(refused.stderr).toMatch(/from 0 to 1/);
    expect(refused.status).toBe(2);
  });
});

describe("convert", () => {
  const inFolders = ["diffusers", "diffusers-bin", "webui", "lora"] as const;
  const asFiles = ["delta-bin", "compvis"] as const;

  it.each([...inFolders, ...asFiles])("to %s and back is the same concept", async (to) => {
    const out = place(`as-${to}`);
    const options = { model: modelFolder, json: true };
    await convert([bear], { ...options, to, keep: "1", out });
    const files = inFolders.some((name) => name === to)
      ? readdirSync(out).map((name) => path.join(out, name))
      : [out];
    const again = place(`from-${to}.concept.safetensors`);
    await convert(files, { ...options, category: ["bear"], out: again });
    const [before, after] = [read(bear), read(again)];
    expect(after.tokens[0]!.row).toEqual(before.tokens[0]!.row);
    expect(after.tokens[0]).toMatchObject({ token: "<new1>", category: "bear" });
    // Differences of size 0.1 to weights of size 1 lose a few bits of float32, and float16 has eleven.
    expect(relativeL2(after.kvDifference!, before.kvDifference!)).toBeLessThan(2 ** -10);
  });

  it("compressed is smaller, and near", () => {
    const out = place("small.bin");
    const run = cli([
      ...["convert", bear, "--to", "delta-compressed", "--keep", "0.9"],
      ...["--out", out, "--model", modelFolder],
    ]);
    expect(run.status).toBe(0);
    const again = place("near.concept.safetensors");
    cli(["convert", out, "--category", "bear", "--out", again, "--model", modelFolder]);
    const distance = relativeL2(read(again).kvDifference!, read(bear).kvDifference!);
    expect(distance).toBeGreaterThan(0.01);
    expect(distance).toBeLessThan(0.3);
  });

  it.each([
    ["a word without a category", () => [place("as-delta-bin")], [], /--category once for each/],
    ["a picture", () => ["public/icon-192.png"], [], /icon-192\.png/],
    ["an unknown format", () => [bear], ["--to", "sdxl"], /--to must be one of/],
    ["a share of nothing", () => [bear], ["--to", "lora", "--keep", "0"], /--keep/],
  ])("refuses %s", (_, files, options, sentence) => {
    const out = place("refused.concept.safetensors");
    const refused = cli(["convert", ...files(), ...options, "--out", out, "--model", modelFolder]);
    expect(refused.stderr).toMatch(sentence);
    expect(refused.status).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
