/** @file docs/performance.md: what is committed is what the results make, and what made-up results make. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { performanceDocuments } from "./page.ts";
import { type MachineResults, parseResults } from "./results.ts";
import { committedDocuments } from "./write-docs.ts";

const docs = new URL("../../docs/", import.meta.url);

it("is what the committed results make, plots included", async () => {
  const documents = await committedDocuments();
  for (const [file, text] of documents) {
    expect(existsSync(new URL(file, docs)), file).toBe(true);
    const committed = readFileSync(new URL(file, docs), "utf8");
    expect(committed === text, `${file}: run npm run bench -- --write-docs`).toBe(true);
  }
  const plots = readdirSync(new URL("images/", docs)).filter((f) => f.startsWith("performance-"));
  for (const plot of plots) expect([...documents.keys()]).toContain(`images/${plot}`);
});

const when = { date: "2026-01-02", rounds: 2 };
const MADE_UP: MachineResults = {
  version: 2,
  cpu: "A CPU",
  cores: 2,
  comparison: {
    ...when,
    versions: ["torch 1"],
    notes: ["Somebody is missing."],
    rows: [
      { work: "forward", contender: "node", threads: 2, ms: [20, 40] },
      { work: "forward", contender: "torch", threads: 2, ms: [10, 20] },
      { work: "forward", contender: "compiled", threads: 2, ms: [5, 10] },
      { work: "model open", contender: "node", threads: 1, ms: [12_345] },
    ],
    firstImage: { open: [2000], image: [9000] },
  },
  floor: {
    ...when,
    threads: 2,
    work: [{ name: "forward", convolution: 2, matmul: 1, torchMs: [600], ownMs: [300] }],
    rates: { convolution: 20, matmul: 20 },
  },
  optimisations: {
    ...when,
    threads: 2,
    rows: [{ optimisation: "wasm-products", work: "forward", all: [10, 20], without: [15, 30] }],
  },
  scaling: {
    ...when,
    threads: 2,
    series: [
      {
        work: "step",
        over: "batch",
        contender: "node",
        points: [1, 2, 4].map((x) => ({ x, ms: [100 * x] })),
      },
    ],
  },
};

const FULL_SIZE: MachineResults = {
  version: 2,
  cpu: "A CPU",
  cores: 16,
  fullSize: {
    ...when,
    model: "Stable Diffusion 1.5",
    device: "WebGPU on a GPU.",
    plans: ["Training takes 6.4 GB."],
    versions: ["Node 1", "torch 1"],
    notes: ["Somebody is missing."],
    rows: [
      {
        ...{ work: "forward, batch 1", contender: "webgpu", precision: "float16" },
        ...{ ms: [20, 40], openMs: 12_345 },
        ...{ ownBytes: 1.8e9, openingBytes: 4e9, runningBytes: 2.5e9 },
      },
      {
        ...{ work: "forward, batch 1", contender: "torch", precision: "half" },
        ...{ ms: [10, 20], openMs: 9000 },
        ...{ ownBytes: 2e9, openingBytes: null, runningBytes: null },
      },
    ],
  },
};

it("shows full size with times, ratios of the same rounds, and memory that was measured or not", () => {
  const page = performanceDocuments([{ name: "gpu", results: FULL_SIZE }]).get("performance.md");
  expect(page).toContain("### Stable Diffusion 1.5 at full size");
  expect(page).toContain("2 rounds: WebGPU on a GPU; Node 1; torch 1.");
  expect(page).toMatch(
    /\| forward, batch 1 +\| studio, Node, WebGPU \| float16 +\| 30 ms \(20 ms\.\.40 ms\) \| 2\.00 \(2\.00\.\.2\.00\) \| 12\.3 s +\| 1\.8 GB +\| 2\.5 GB +\|/,
  );
  expect(page).toMatch(/\| PyTorch eager .* 2\.0 GB +\| not measured +\|/);
  expect(page).toContain("Training takes 6.4 GB.");
  expect(page).not.toContain("has not been run");
  expect(page).toContain("- Somebody is missing.");
});

describe("a page of made-up results", () => {
  const documents = performanceDocuments([{ name: "here", results: MADE_UP }]);
  const page = documents.get("performance.md") ?? "";

  it("shows times and ratios of the same rounds, to eager and to the fastest", () => {
    expect(page).toContain("## A CPU: here");
    expect(page).toMatch(
      /\| forward +\| 2 +\| 30 ms, 2\.00 \(2\.00\.\.2\.00\) \| 7\.5 ms, 0\.50 \(0\.50\.\.0\.50\) \| 15 ms +\| 4\.00 \(4\.00\.\.4\.00\), compiled \|/,
    );
    expect(page).toMatch(/\| model open +\| 1 +\| 12\.3 s +\|/);
    expect(page).toContain("- Somebody is missing.");
    expect(page).toContain("the first step after 2.0 s, the first image after 9.0 s");
  });

  it("says where full size has not been measured", () => {
    expect(page).toContain("It has not been run on a GPU yet");
  });

  it("shows the floor, what optimisations are worth, and exponents", () => {
    expect(page).toMatch(/\| 150 ms \| 0\.25 \(0\.25\.\.0\.25\) +\| 2\.00 \(2\.00\.\.2\.00\) +\|/);
    expect(page).toMatch(/\| `wasm-products` \| 1\.50 \(1\.50\.\.1\.50\) \| matrix products /);
    expect(page).toMatch(
      /\| step \| batch \| studio, Node \| 1\.00 ± 0\.00 \| 1: 100 ms; 2: 200 ms; /,
    );
    const plot = documents.get("images/performance-here-step-over-batch.svg");
    expect(plot).toMatch(/^<svg .*exponent 1\.00 ± 0\.00.*<\/svg>\n$/s);
    expect(page).toContain("(images/performance-here-step-over-batch.svg)");
  });
});

it.each([
  ["{", /"x\.json" is not JSON; run the bench again\.$/],
  ['{"version": 3}', /"x\.json" is not a bench's results \(version: .*\); run the bench again\.$/],
  [
    JSON.stringify({ ...MADE_UP, scaling: { ...MADE_UP.scaling, rounds: 0 } }),
    /\(scaling\.rounds: /,
  ],
])("refuses %j", (text, sentence) => {
  expect(() => parseResults("x.json", text)).toThrow(sentence);
});
