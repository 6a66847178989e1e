/** @file What `npm run bench:full-size` understands, and the one sentence it says else. */
import { expect, it } from "vitest";
import { readFullSizeOptions } from "./options.ts";

it("measures Stable Diffusion 1.5 beside PyTorch where nothing is said", () => {
  expect(readFullSizeOptions([])).toEqual({
    model: "sd15",
    backend: "auto",
    memory: null,
    precision: "auto",
    rounds: 10,
    torchDevice: null,
    torchDtype: "auto",
    only: "",
    planOnly: false,
    json: null,
  });
});

it("reads all of it", () => {
  const args = ["--model", "sd21", "--backend", "webgpu", "--memory", "6.5GB"];
  args.push("--precision", "float16", "--rounds", "3", "--torch-device", "cuda");
  args.push("--torch-dtype", "half", "--only", "step", "--plan-only", "--json", "x.json");
  expect(readFullSizeOptions(args)).toEqual({
    model: "sd21",
    backend: "webgpu",
    memory: 6.5e9,
    precision: "float16",
    rounds: 3,
    torchDevice: "cuda",
    torchDtype: "half",
    only: "step",
    planOnly: true,
    json: "x.json",
  });
});

it.each([
  [["--model", "sdxl"], /^--model must be one of sd15, sd21, nano, not "sdxl"\.$/],
  [["--memory", "lots"], /^--memory must be an amount such as 8GB or 6500MB, not "lots"\.$/],
  [["--torch-device", "tpu"], /^--torch-device must be one of cuda, cpu, none, not "tpu"\.$/],
  [["--rounds", "0"], /^--rounds must be a whole number from 1 to 1000, not "0"\.$/],
  [["--quick"], /^Unknown option '--quick'/],
])("refuses %j", (args, sentence) => {
  expect(() => readFullSizeOptions(args)).toThrow(sentence);
});
