/** @file What `npm run bench` understands, and the one sentence it says else. */
import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

it("compares everybody with one, two and all threads where nothing is said", () => {
  const options = readOptions([]);
  expect(options).toMatchObject({ mode: "comparison", rounds: 7, backend: "auto", only: "" });
  expect(options.threads[0]).toBe(1);
  expect(options.threads.at(-1)).toBe(Math.min(8, availableParallelism()));
  expect(options.skip.size).toBe(0);
});

it("reads all of it", () => {
  const options = readOptions([
    "--scaling",
    "--threads",
    "1",
    "--quick",
    "--skip",
    "compiled, native",
  ]);
  expect(options).toMatchObject({ mode: "scaling", rounds: 2, threads: [1] });
  expect([...options.skip]).toEqual(["compiled", "native"]);
});

it.each([
  [["--scaling", "--optimisations"], /^One thing at a time: --optimisations and --scaling /],
  [["--skip", "jax"], /^--skip names "jax", who is none of node, chromium, /],
  [["--rounds", "none"], /^--rounds must be a whole number from 1 to 1000, not "none"\.$/],
  [["--torch-device", "tpu"], /^--torch-device must be one of cpu, cuda, not "tpu"\.$/],
  [["forward"], /^Unexpected argument 'forward'/],
])("refuses %j", (args, sentence) => {
  expect(() => readOptions(args)).toThrow(sentence);
});
