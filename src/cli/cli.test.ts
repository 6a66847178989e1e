/** @file The command line as a person meets it: what it prints, and one sentence with exit code 2 for bad input. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url).pathname;
const model = "public/models/toybox-256";
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-cli-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function cli(...parameters: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...parameters], {
    cwd: root,
    encoding: "utf8",
  });
}

/** A file in the scratch folder. */
function scratch(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

const nano = (part: string): Buffer =>
  gunzipSync(readFileSync(path.join(root, `tests/fixtures/nano/dynamo/${part}.onnx.gz`)));

describe("inspect", () => {
  it("prints one JSON object about a UNet, and nothing else", () => {
    const { status, stdout, stderr } = cli(
      "inspect",
      `${model}/unet/model.onnx`,
      "--json",
      "--batch",
      "2",
    );
    expect(status).toBe(0);
    expect(stderr).toBe("");
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      opset: 18,
      unet: {
        shape: { batch: 2, height: 32, width: 32, tokens: 77, textWidth: 256 },
        crossAttentionBlocks: 16,
        kvParameters: 1_081_344,
      },
    });
  });

  it("describes a part that is no UNet", () => {
    const { status, stdout } = cli("inspect", `${model}/vae_decoder/model.onnx`);
    expect(status).toBe(0);
    expect(stdout).toContain("latent_sample float32[batch_size, 4, latent_height, latent_width]");
  });

  const whole = (): Buffer => readFileSync(path.join(root, model, "unet/model.onnx"));
  it.each([
    [
      "a file cut short",
      () => scratch("cut.onnx", whole().subarray(0, 1_000_000)),
      /cut\.onnx" is not a whole ONNX file/,
    ],
    ["a text file", () => "README.md", /"README\.md" is not a whole ONNX file/],
    ["a file that is not there", () => "nowhere.onnx", /"nowhere\.onnx" cannot be read/],
    [
      "weights that are not beside it",
      () => scratch("lonely.onnx", nano("unet")),
      /keeps its weights in "model\.onnx\.data", which is not beside it/,
    ],
    [
      "weights cut short",
      () => {
        scratch("model.onnx.data", new Uint8Array(1000));
        return scratch("short.onnx", nano("vae_decoder"));
      },
      /"model\.onnx\.data", which is cut short/,
    ],
  ])("refuses %s", (_, make, sentence) => {
    const { status, stdout, stderr } = cli("inspect", make());
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([status, stdout]).toEqual([2, ""]);
  });

  it("refuses a batch that is no number", () => {
    const { status, stderr } = cli("inspect", `${model}/unet/model.onnx`, "--batch", "many");
    expect([status, stderr.trim()]).toEqual([
      2,
      '--batch must be a whole number above 0, not "many".',
    ]);
  });
});

describe("--without", () => {
  it("refuses what is no optimisation, and lists those there are", () => {
    const { status, stderr } = cli(
      "generate",
      "--out",
      folder,
      "--prompt",
      "x",
      "--without",
      "haste",
    );
    expect(status).toBe(2);
    expect(stderr.trim()).toMatch(
      /^There is no optimisation "haste" to switch off; there are simplified-graphs, .*\.$/,
    );
  });
});

describe("--with", () => {
  it("refuses what is always in use, and lists what is not", () => {
    const { status, stderr } = cli(
      "train",
      ...["--images", folder, "--category", "bear", "--out", "x.concept.safetensors"],
      ...["--with", "gpu-tuned-kernels"],
    );
    expect([status, stderr.trim()]).toEqual([
      2,
      'There is no optimisation "gpu-tuned-kernels" to ask for; there is gpu-half-products.',
    ]);
  });
});

describe("arguments", () => {
  it.each([
    [["frobnicate"], "Unknown command 'frobnicate'; --help lists what there is."],
    [[], "Name a command; --help lists them."],
    [["inspect", "x.onnx", "--frob"], "Unknown option '--frob'; --help lists what there is."],
    [["inspect"], "Missing required argument 'file'; --help lists what there is."],
  ])("%j is refused in one sentence", (parameters, sentence) => {
    const { status, stdout, stderr } = cli(...parameters);
    expect([status, stdout, stderr.trim()]).toEqual([2, "", sentence]);
  });
});
