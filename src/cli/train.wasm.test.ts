/** @file `train` and `generate` from end to end on the nano model: real files, real processes, and what they refuse. */
import { readImageSettings } from "../core/image/png-settings.ts";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, interruptedCli, writeNanoFolder } from "../../tests/support/cli.ts";

const samples = new URL("../../public/samples/", import.meta.url).pathname;
let folder: string;
let model: string;
let photos: string;
let regularisation: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-train-"));
  model = await writeNanoFolder(path.join(folder, "nano"));
  photos = path.join(folder, "photos");
  mkdirSync(photos);
  for (const name of ["1.png", "2.png"]) {
    copyFileSync(path.join(samples, "concepts/teddy-bear", name), path.join(photos, name));
  }
  regularisation = path.join(folder, "regularisation");
  mkdirSync(regularisation);
  const source = path.join(samples, "regularisation/bear");
  const lines = readFileSync(path.join(source, "metadata.jsonl"), "utf8").split("\n").slice(0, 2);
  writeFileSync(path.join(regularisation, "metadata.jsonl"), lines.join("\n"));
  for (const line of lines) {
    const { file_name: name } = JSON.parse(line) as { file_name: string };
    copyFileSync(path.join(source, name), path.join(regularisation, name));
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Options of a run that works; each test changes some. */
function trainOptions(
  out: string,
  changes: Readonly<Record<string, string | null>> = {},
): string[] {
  const options: Record<string, string | null> = {
    images: photos,
    category: "bear",
    reg: regularisation,
    model,
    backend: "wasm",
    steps: "2",
    views: "1",
    out,
    ...changes,
  };
  return [
    "train",
    ...Object.entries(options).flatMap(([name, value]) =>
      value === null ? [] : value === "" ? [`--${name}`, ""] : [`--${name}`, value],
    ),
  ];
}

const outFile = (name: string): string => path.join(folder, `${name}.concept.safetensors`);

describe("train and generate", () => {
  it("learns, paints with the concept, and describes the file", () => {
    const out = outFile("teddy");
    const trained = cli([...trainOptions(out), "--json"]);
    expect(trained.stderr).toMatch(/2 photos, 2 regularisation images/);
    expect(trained.stderr).toMatch(/step 2 of 2, loss/);
    expect(trained.status).toBe(0);
    const report = JSON.parse(trained.stdout) as { losses: number[][]; token: string };
    expect(report).toMatchObject({ out, token: "<new1>", category: "bear", backend: "wasm" });
    expect(report.losses).toHaveLength(2);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);

    const images = path.join(folder, "images");
    const painted = cli([
      ...["generate", "--concept", out, "--model", model, "--backend", "wasm", "--json"],
      ...["--prompt", "photo of a <new1> bear", "--steps", "2", "--count", "2", "--out", images],
    ]);
    expect(painted.status).toBe(0);
    const made = (JSON.parse(painted.stdout) as { images: { file: string; seed: number }[] })
      .images;
    expect(made.map(({ seed }) => seed)).toEqual([1, 2]);
    const [first, second] = made.map(({ file }) => readFileSync(file));
    expect(first).not.toEqual(second);
    expect(readImageSettings(first!)).toMatchObject({
      prompt: "photo of a <new1> bear",
      seed: 1,
      concepts: [{ token: "<new1>", category: "bear" }],
    });
    const lines = readFileSync(path.join(images, "metadata.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { file_name: "photo-of-a-new1-bear-1.png", text: "photo of a <new1> bear", seed: 1 },
      { file_name: "photo-of-a-new1-bear-2.png", seed: 2 },
    ]);

    const described = cli(["inspect", out, "--json"]);
    expect(JSON.parse(described.stdout)).toMatchObject({
      concept: { tokens: [{ token: "<new1>", category: "bear" }], train: "kv+token" },
    });
  });

  it("stops on Ctrl-C with a checkpoint, and resumes to the same file", async () => {
    const straight = outFile("straight");
    expect(cli(trainOptions(straight, { steps: "12" })).status).toBe(0);
    const out = outFile("resumed");
    const options = trainOptions(out, { steps: "12" });
    const stopped = await interruptedCli(options, /views to encode/);
    expect(stopped.stderr).toMatch(/Stopped on request/);
    expect(stopped.status).toBe(130);
    expect(existsSync(out)).toBe(false);
    if (existsSync(`${out}.checkpoint`)) options.push("--resume");
    expect(cli(options).status).toBe(0);
    expect(readFileSync(out)).toEqual(readFileSync(straight));
  });

  it("learns two things together, each with a word, a category and regularisation of its own", () => {
    const out = outFile("both");
    const second = ["--images", photos, "--category", "dog", "--reg", "none"];
    const trained = cli([...trainOptions(out, { steps: "1" }), ...second, "--json"]);
    expect(trained.stderr).toMatch(/4 photos, 2 regularisation images/);
    expect(trained.status).toBe(0);
    const words = [
      { token: "<new1>", category: "bear" },
      { token: "<new2>", category: "dog" },
    ];
    expect(JSON.parse(trained.stdout)).toMatchObject({ concepts: words });
    expect(JSON.parse(cli(["inspect", out, "--json"]).stdout)).toMatchObject({
      concept: { tokens: words },
    });
  });

  it("generates regularisation images once, and keeps them", () => {
    const cache = path.join(folder, "cache");
    const options = trainOptions(outFile("generated"), { reg: "generate:2" });
    const first = cli(options, cache);
    expect(first.stderr).toMatch(/2 of them to be generated first/);
    expect(first.status).toBe(0);
    const kept = readFileSync(outFile("generated"));
    const second = cli(options, cache);
    expect(second.stderr).not.toMatch(/to be generated/);
    expect(second.status).toBe(0);
    expect(readFileSync(outFile("generated"))).toEqual(kept);
  });
});

describe("train refuses", () => {
  it.each<[string, Record<string, string | null>, RegExp]>([
    ["a missing folder", { images: "nowhere" }, /nowhere/],
    ["no photos", { images: "EMPTY" }, /photo/],
    ["a text file as photo", { images: "TEXT" }, /"?.*fake\.png.*"/],
    ["a token that is a word", { token: "bear" }, /<bear>/],
    ["a category that tokenises to nothing", { category: "  " }, /category/i],
    ["negative steps", { steps: "-5" }, /number of steps must be a whole number .* not -5/],
    ["steps that are no number", { steps: "many" }, /--steps must be a number, not "many"/],
    ["a batch that cannot be divided", { batch: "4", "micro-batch": "3" }, /micro-batches of 3/],
    ["a learning rate of 0", { lr: "0" }, /learning rate/],
    ["an unknown mode", { train: "everything" }, /--train must be one of/],
    ["an unknown model", { model: "nonesuch" }, /There is no model "nonesuch"/],
    ["a folder that is no model", { model: "PHOTOS" }, /unet\/config\.json/],
    ["regularisation without captions", { reg: "PHOTOS" }, /metadata\.jsonl/],
    ["a count of regularisation images that is none", { reg: "generate:x" }, /generate:N/],
    ["an output that cannot be written", { out: "/nowhere/x.concept.safetensors" }, /nowhere/],
    ["an output of another kind", { out: "teddy.png" }, /concept\.safetensors/],
    ["nothing to resume from", { resume: "" }, /no checkpoint/],
    [
      "an unknown precision",
      { precision: "half" },
      /--precision must be one of auto, float32, float16/,
    ],
    ["float16 without a GPU", { precision: "float16" }, /^float16 needs a GPU/],
  ])("%s", (name, changes, sentence) => {
    const empty = path.join(folder, "empty");
    const text = path.join(folder, "text");
    for (const made of [empty, text]) mkdirSync(made, { recursive: true });
    writeFileSync(path.join(text, "fake.png"), "this is no picture");
    const places: Record<string, string> = { EMPTY: empty, TEXT: text, PHOTOS: photos };
    const filled = Object.fromEntries(
      Object.entries(changes).map(([key, value]) => [key, places[value ?? ""] ?? value]),
    );
    const options = trainOptions(outFile("refused"), filled).filter(
      (word) => name !== "nothing to resume from" || word !== "",
    );
    const { status, stdout, stderr } = cli(options);
    expect(stderr.trim().split("\n").at(-1)).toMatch(sentence);
    expect([status, stdout]).toEqual([2, ""]);
    expect(readdirSync(folder).filter((file) => file.startsWith("refused"))).toEqual([]);
  });

  it("an unknown flag", () => {
    const { status, stderr } = cli([...trainOptions(outFile("refused")), "--frobnicate", "1"]);
    expect(stderr).toMatch(/Unknown option '--frobnicate'/);
    expect(status).toBe(2);
  });
});

describe("generate refuses", () => {
  const generate = (...options: string[]) =>
    cli([
      ...["generate", "--model", model, "--backend", "wasm", "--prompt", "x", "--steps", "1"],
      ...["--out", path.join(folder, "none"), ...options],
    ]);

  it("a garbage concept file, a truncated one, and one for another base model", async () => {
    const garbage = path.join(folder, "garbage.concept.safetensors");
    writeFileSync(garbage, "this is no concept");
    const good = outFile("good");
    expect(cli(trainOptions(good)).status).toBe(0);
    const cut = path.join(folder, "cut.concept.safetensors");
    writeFileSync(cut, readFileSync(good).subarray(0, 5000));
    const picture = path.join(folder, "picture.safetensors");
    writeFileSync(picture, await sharp(path.join(photos, "1.png")).jpeg().toBuffer());
    for (const file of [garbage, cut, picture, path.join(folder, "missing.safetensors")]) {
      const { status, stderr } = generate("--concept", file);
      expect(stderr.trim().split("\n").at(-1)).toMatch(/file|read/);
      expect(status).toBe(2);
    }
    const other = cli([
      ...["generate", "--model", "toybox-256", "--backend", "wasm", "--prompt", "x"],
      ...["--out", path.join(folder, "none"), "--concept", good],
    ]);
    expect(other.stderr.trim().split("\n").at(-1)).toMatch(/nano/);
    expect(other.status).toBe(2);
    expect(existsSync(path.join(folder, "none"))).toBe(false);
  });

  it.each([
    ["an unknown sampler", ["--sampler", "magic"], /--sampler must be one of/],
    ["no steps", ["--steps", "0"], /steps/],
    ["a guidance scale below 0", ["--guidance", "-1"], /guidance scale/],
    ["a count that is no number", ["--count", "x"], /--count must be a number/],
    ["a seed that is no whole number", ["--seed", "1.5"], /seed/],
    ["noise where the sampler has none", ["--sampler", "pndm", "--eta", "1"], /eta/],
    ["float16 without a GPU", ["--precision", "float16"], /^float16 needs a GPU/],
  ])("%s", (_, options, sentence) => {
    const { status, stdout, stderr } = generate(...options);
    expect(stderr.trim().split("\n").at(-1)).toMatch(sentence);
    expect([status, stdout]).toEqual([2, ""]);
  });
});
