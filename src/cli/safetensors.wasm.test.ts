/** @file A folder of diffusers' safetensors on the command line: it paints what the export of the same model paints, and learns. */
import {
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
import { gunzipSync } from "node:zlib";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, writeNanoFolder } from "../../tests/support/cli.ts";
import { nanoDiffusersFiles } from "../../tests/support/diffusers-files.ts";
import { smallModel } from "../../tests/support/small-checkpoint.ts";
import { clipTokenizerConfig } from "../core/build/published-configs.ts";
import { clipTokenizerJson } from "../core/text/clip-tokenizer-json.ts";
import { clipVocabulary } from "../core/text/clip-vocabulary.ts";

const samples = new URL("../../public/samples/", import.meta.url).pathname;
let scratch: string;
let folder: string;

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "studio-safetensors-"));
  folder = path.join(scratch, "nano-safetensors");
  writeAll(folder, await nanoDiffusersFiles());
  // As the export of the tests has it.
  const config = path.join(folder, "vae/config.json");
  const vae = JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>;
  writeFileSync(config, JSON.stringify({ ...vae, scaling_factor: 0.5 }));
});

afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function writeAll(to: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    const file = path.join(to, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** The pixels of the one image that is painted. */
function painted(model: string, out: string): ArrayLike<number> {
  const settings = ["--prompt", "a cat", "--seed", "3", "--steps", "4", "--backend", "wasm"];
  const { status, stderr } = cli(["generate", "--model", model, ...settings, "--out", out]);
  expect(status, stderr).toBe(0);
  const [image = ""] = readdirSync(out).filter((name) => name.endsWith(".png"));
  return decode(readFileSync(path.join(out, image))).data;
}

describe("a folder of safetensors", () => {
  it("paints the same image as the export", async () => {
    const exported = await writeNanoFolder(path.join(scratch, "nano-onnx"));
    const ours = painted(folder, path.join(scratch, "ours"));
    const theirs = painted(exported, path.join(scratch, "theirs"));
    expect(ours.length).toBe(theirs.length);
    const off = Array.from(ours, (x, i) => Math.abs(x - (theirs[i] ?? NaN)));
    // The export scales keys and queries where we scale queries: a rounding, which may cross the border of a level.
    expect(off.reduce((most, x) => Math.max(most, x), 0)).toBeLessThanOrEqual(1);
  });

  it("learns from photos", () => {
    const out = path.join(scratch, "bear.concept.safetensors");
    const images = path.join(samples, "concepts/teddy-bear");
    const options = ["--images", images, "--category", "bear", "--reg", "none", "--steps", "2"];
    const how = ["--views", "1", "--backend", "wasm", "--model", folder, "--out", out];
    const { status, stderr } = cli(["train", ...options, ...how]);
    expect(status, stderr).toBe(0);
    expect(existsSync(out)).toBe(true);
  });

  it("says what is missing of it", () => {
    rmSync(path.join(folder, "text_encoder/model.safetensors"));
    const out = path.join(scratch, "nothing");
    const options = ["--model", folder, "--prompt", "a cat", "--out", out];
    const { status, stderr } = cli(["generate", ...options]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      'The model has no file "text_encoder/model.onnx", nor text_encoder/model.safetensors',
    );
  });
});

describe("a checkpoint", () => {
  it("paints what a folder of the same weights does, with CLIP's own tokenizer", async () => {
    const { checkpoint, folder: parts } = await smallModel();
    const one = path.join(scratch, "one");
    const studio = { checkpoint: { pixels: 64 } };
    writeAll(one, new Map([["small.safetensors", checkpoint]]));
    writeFileSync(path.join(one, "studio.json"), JSON.stringify(studio));
    const merges = gunzipSync(
      readFileSync(new URL("../../public/tokenizers/clip/merges.txt.gz", import.meta.url)),
    ).toString();
    const vocabulary = JSON.stringify(clipVocabulary(merges));
    const many = path.join(scratch, "many");
    writeAll(many, parts);
    mkdirSync(path.join(many, "tokenizer"));
    const tokenizer = (name: string, value: unknown): void => {
      writeFileSync(path.join(many, "tokenizer", name), JSON.stringify(value));
    };
    tokenizer("tokenizer.json", clipTokenizerJson(vocabulary, merges));
    tokenizer("tokenizer_config.json", clipTokenizerConfig(false));
    const ours = painted(path.join(one, "small.safetensors"), path.join(scratch, "from-one"));
    expect(ours.length).toBe(64 * 64 * 3);
    expect(ours).toEqual(painted(many, path.join(scratch, "from-many")));
  });
});
