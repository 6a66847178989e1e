/** @file What of a folder is taken as a model, and what is said about one that is not complete. */
import { describe, expect, it } from "vitest";
import { readLayout } from "./model-layout.ts";

const COMPLETE = [
  "unet/model.onnx",
  "unet/config.json",
  "text_encoder/model.onnx",
  "vae_encoder/model.onnx",
  "vae_decoder/model.onnx",
  "vae_decoder/config.json",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
];
const layoutOf = (paths: readonly string[], folder = "my-model") =>
  readLayout(paths.map((path) => ({ path: `${folder}/${path}`, bytes: 1 })));
const without = (...left: string[]): string[] => COMPLETE.filter((path) => !left.includes(path));

describe("a folder in optimum's layout", () => {
  it("gives what is needed, and leaves the rest", () => {
    const ignored = [
      ".git/config",
      "safety_checker/model.onnx",
      "unet/diffusion_pytorch_model.safetensors",
      "tokenizer/vocab.json",
    ];
    const layout = layoutOf([...COMPLETE, ...ignored, "README.md", "studio.json"]);
    expect(layout).toMatchObject({ name: "my-model", root: "my-model/", makesTokenizer: false });
    expect([...layout.needed].sort()).toEqual([...COMPLETE, "README.md", "studio.json"].sort());
  });

  it("may lie inside the folder that was chosen", () => {
    const paths = COMPLETE.map((path) => `onnx/${path}`);
    expect(layoutOf([...paths, "unet/config.json"])).toMatchObject({
      name: "my-model",
      root: "my-model/onnx/",
    });
  });

  it("may have its tokenizer in two older files", () => {
    const older = [
      ...without("tokenizer/tokenizer.json"),
      "tokenizer/vocab.json",
      "tokenizer/merges.txt",
    ];
    const layout = layoutOf(older);
    expect(layout.makesTokenizer).toBe(true);
    expect(layout.needed).not.toContain("tokenizer/tokenizer.json");
  });
});

describe("a folder that is no such model", () => {
  it.each([
    ["names what is missing", without("unet/config.json"), /no unet\/config\.json\./],
    [
      "names the tokenizer",
      [...without("tokenizer/tokenizer.json"), "tokenizer/vocab.json"],
      /no tokenizer\/tokenizer\.json\./,
    ],
    [
      "says how PyTorch weights become ONNX files",
      ["model_index.json", "unet/diffusion_pytorch_model.safetensors"],
      /optimum-cli export onnx --model my-model my-model-onnx/,
    ],
    ["says which folder to choose", ["photo.jpg"], /Choose the folder that holds the folder unet/],
    ["refuses other families", [...COMPLETE, "text_encoder_2/model.onnx"], /XL/],
    ["refuses an empty folder", [], /is no model/],
    [
      "asks which of several models is meant",
      [...COMPLETE.map((path) => `a/${path}`), ...COMPLETE.map((path) => `b/${path}`)],
      /several models \("my-model\/a", "my-model\/b"\)/,
    ],
  ])("%s", (_, paths, sentence) => {
    expect(() => layoutOf(paths)).toThrow(sentence);
  });
});
