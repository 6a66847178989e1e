/** @file What `npm run profile` understands, and the one sentence it says else. */
import { expect, it } from "vitest";
import { readProfileOptions } from "./options.ts";

it("profiles a training step of the default model where nothing is said", () => {
  expect(readProfileOptions([])).toMatchObject({
    subject: { graph: "training", model: "toybox-256", batch: 4 },
    runs: 3,
    top: 10,
    json: false,
  });
});

it("reads all of it", () => {
  const args = ["vae_decoder", "--batch", "2", "--threads", "1", "--model", "x", "--top", "5"];
  const options = readProfileOptions([...args, "--without", "wasm-products", "--json"]);
  expect(options).toMatchObject({
    subject: { graph: "vae_decoder", model: "x", batch: 2 },
    threads: 1,
    top: 5,
    json: true,
  });
  expect(options.optimisations.has("wasm-products")).toBe(false);
});

it("takes a file, and what its dimensions are to be", () => {
  const { subject } = readProfileOptions(["a/b.onnx", "--dim", "batch=4", "--dim", "w=16"]);
  expect(subject).toEqual({
    file: "a/b.onnx",
    dims: new Map([
      ["batch", 4],
      ["w", 16],
    ]),
  });
});

it.each([
  [["unett"], /^"unett" is no graph to profile: give an \.onnx file, or one of unet, training, /],
  [["unet", "training"], /^One graph is profiled at a time, not 2/],
  [["unet", "--batch", "0"], /^--batch must be a whole number from 1 to 64, not "0"\.$/],
  [["unet", "--dim", "a=1"], /^--dim fixes dimensions of an ONNX file; "unet" is given --batch\.$/],
  [["a.onnx", "--batch", "2"], /^--batch and --model are for the graphs unet, /],
  [["a.onnx", "--dim", "a"], /^--dim must be name=value .*, not "a"\.$/],
  [["unet", "--without", "haste"], /^There is no optimisation "haste"/],
  [["--frob"], /^Unknown option '--frob'; the options are --batch, /],
])("refuses %j", (args, sentence) => {
  expect(() => readProfileOptions(args)).toThrow(sentence);
});
