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

const SHARED = [
  "unet/config.json",
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
];
const DIFFUSERS = [
  ...SHARED,
  "unet/diffusion_pytorch_model.safetensors",
  "text_encoder/config.json",
  "text_encoder/model.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.safetensors",
];

describe("a folder of diffusers' safetensors", () => {
  it("gives what is needed, and leaves the rest", () => {
    const ignored = [
      "safety_checker/model.safetensors",
      "unet/diffusion_pytorch_model.non_ema.safetensors",
      "unet/diffusion_pytorch_model.bin",
      "feature_extractor/preprocessor_config.json",
      "v1-5-pruned.safetensors",
    ];
    const layout = layoutOf([...DIFFUSERS, ...ignored, "model_index.json"]);
    expect([...layout.needed].sort()).toEqual([...DIFFUSERS, "model_index.json"].sort());
    expect(layout).toMatchObject({ paintsOnly: false, checkpoint: null, root: "my-model/" });
  });

  it("is taken in half precision where it has both", () => {
    const halves = [
      "unet/diffusion_pytorch_model.fp16.safetensors",
      "text_encoder/model.fp16.safetensors",
      "vae/diffusion_pytorch_model.fp16.safetensors",
    ];
    const { needed } = layoutOf([...DIFFUSERS, ...halves]);
    expect(needed.filter((path) => path.endsWith(".safetensors")).sort()).toEqual(halves.sort());
  });

  it("may be in shards, of which none is missing", () => {
    const stem = "unet/diffusion_pytorch_model";
    const shards = [
      `${stem}.safetensors.index.json`,
      `${stem}-00001-of-00002.safetensors`,
      `${stem}-00002-of-00002.safetensors`,
    ];
    const others = DIFFUSERS.filter((path) => path !== `${stem}.safetensors`);
    expect(layoutOf([...others, ...shards]).needed).toEqual(expect.arrayContaining(shards));
    expect(() => layoutOf([...others, ...shards.slice(0, 2)])).toThrow(
      "has no unet/diffusion_pytorch_model.safetensors",
    );
  });

  it("gives way to ONNX files that are complete, in a folder of their own too", () => {
    const both = [...DIFFUSERS, ...COMPLETE];
    expect(layoutOf(both).needed).not.toContain("unet/diffusion_pytorch_model.safetensors");
    const beside = [...DIFFUSERS, ...COMPLETE.map((path) => `onnx/${path}`)];
    expect(layoutOf(beside).root).toBe("my-model/onnx/");
    const incomplete = [...DIFFUSERS, "onnx/unet/model.onnx"];
    expect(layoutOf(incomplete).root).toBe("my-model/");
  });

  it("fills in the half of the VAE that an export has left out", () => {
    const layout = layoutOf([
      ...without("vae_encoder/model.onnx"),
      "vae/config.json",
      "vae/diffusion_pytorch_model.safetensors",
    ]);
    expect(layout.paintsOnly).toBe(false);
    expect(layout.needed).toContain("vae/diffusion_pytorch_model.safetensors");
  });
});

describe("an export without the half of the VAE that reads photos", () => {
  it("is a model that paints", () => {
    const layout = layoutOf(without("vae_encoder/model.onnx"));
    expect(layout.paintsOnly).toBe(true);
    expect([...layout.needed].sort()).toEqual(without("vae_encoder/model.onnx").sort());
  });
});

describe("a checkpoint", () => {
  const file = (path: string, bytes = 2 ** 31) => ({ path, bytes });

  it("is one file, alone or beside small ones", () => {
    expect(readLayout([file("dream.safetensors")])).toMatchObject({
      name: "dream",
      root: "",
      needed: ["dream.safetensors"],
      checkpoint: "dream.safetensors",
    });
    const beside = [
      file("repo/README.md", 10),
      file("repo/dream.safetensors"),
      file("repo/lora.safetensors", 2 ** 27),
    ];
    expect(readLayout(beside)).toMatchObject({ name: "dream", root: "repo/" });
  });

  it("has to be chosen where there are several", () => {
    const several = [file("repo/a.safetensors"), file("repo/b.safetensors")];
    expect(() => readLayout(several)).toThrow(/several checkpoints \("repo\/a/);
  });

  it("is not read out of a format that can hold programs", () => {
    expect(() => readLayout([file("repo/a.ckpt")])).toThrow(/"repo\/a.ckpt" is in a format/);
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
      "says how pickled weights become ones that are read",
      DIFFUSERS.map((path) => path.replace(".safetensors", ".bin")),
      /save_pretrained\("my-model-safetensors"\), or export .* optimum-cli export onnx --model my-model my-model-onnx/,
    ],
    [
      "names the weights that are missing",
      DIFFUSERS.filter((path) => !path.startsWith("text_encoder/")),
      /no text_encoder\/model\.safetensors, text_encoder\/config\.json\./,
    ],
    ["refuses transformers", ["transformer/config.json", "vae/config.json"], /Flux/],
    ["says which folder to choose", ["photo.jpg"], /Choose the folder that holds the folder unet/],
    ["refuses other families", [...COMPLETE, "text_encoder_2/model.onnx"], /XL/],
    ["refuses an empty folder", [], /is no model that the studio knows/],
    [
      "asks which of several models is meant",
      [...COMPLETE.map((path) => `a/${path}`), ...COMPLETE.map((path) => `b/${path}`)],
      /several models \("my-model\/a", "my-model\/b"\)/,
    ],
  ])("%s", (_, paths, sentence) => {
    expect(() => layoutOf(paths)).toThrow(sentence);
  });
});
