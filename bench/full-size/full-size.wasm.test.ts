/** @file The full-size bench on its small model: planned, every work run in a process of its own, and results that are read back. */
import { expect, it } from "vitest";
import { parseResults } from "../report/results.ts";
import { measureFullSize, planFullSize } from "./compare.ts";
import { readFullSizeOptions } from "./options.ts";

const ARGS = ["--model", "nano", "--backend", "wasm", "--torch-device", "none", "--rounds", "2"];

it("measures a forward pass and a training step", async () => {
  const options = readFullSizeOptions(ARGS);
  const planned = await planFullSize(options);
  const heard: string[] = [];
  const fullSize = await measureFullSize(planned, options, ({ latest, results }) => {
    heard.push(...latest.rows.map(({ work }) => work));
    expect(results.rows.map(({ work }) => work)).toEqual(heard);
    return Promise.resolve();
  });
  const works = ["forward, batch 1", "forward, batch 2"];
  works.push("training step, batch 1", "training step, batch 4");
  expect(heard).toEqual(works);
  expect(fullSize.rows.map(({ work }) => work)).toEqual(works);
  for (const row of fullSize.rows) {
    expect(row).toMatchObject({ contender: "node", precision: "float32" });
    expect(row).toMatchObject({ openingBytes: null, runningBytes: null });
    expect(row.ms).toHaveLength(2);
    // The UNet's weights, at least.
    expect(row.ownBytes).toBeGreaterThan(4 * 3_222_692);
  }
  expect(fullSize.plans[0]).toMatch(/^Training takes \d+ MB of the 4\.2 GB .*one image a pass/);
  expect(fullSize.notes).toEqual(["PyTorch was left out (--torch-device none)."]);
  const results = { version: 2, cpu: "A CPU", cores: 2, fullSize };
  expect(parseResults("x.json", JSON.stringify(results))).toEqual(results);
});

it("refuses in the plan's words what does not fit, before anything is opened", async () => {
  const options = readFullSizeOptions([...ARGS, "--memory", "20MB"]);
  const planned = await planFullSize(options);
  await expect(measureFullSize(planned, options, () => Promise.resolve())).rejects.toThrow(
    /^Training does not fit: at its least /,
  );
});

it("refuses a part of a name that no row has", async () => {
  const options = readFullSizeOptions([...ARGS, "--only", "backward"]);
  await expect(planFullSize(options)).rejects.toThrow(
    /^--only must be part of a row's name, one of "forward, batch 1", .*, not "backward"\.$/,
  );
});

it("refuses float16 where WebAssembly computes", async () => {
  const options = readFullSizeOptions([...ARGS, "--precision", "float16"]);
  await expect(planFullSize(options)).rejects.toThrow(/^float16 needs a GPU: /);
});
