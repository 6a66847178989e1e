/** @file Every optimisation on WebAssembly, on and off: the default model predicts and differentiates alike. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OPTIMISATIONS } from "../core/optimisations.ts";

const script = fileURLToPath(new URL("../../tests/support/graph-outputs.ts", import.meta.url));
const names = Object.keys(OPTIMISATIONS).filter((name) => !name.startsWith("gpu-"));

interface Outputs {
  readonly nodes: number;
  readonly forward: readonly number[];
  /** Prediction, loss, gradient of K/V. */
  readonly training: readonly number[];
}

/** With attention in one function there are no softmaxes and no large scores: these are compared without it. */
const OF_PLAIN_ATTENTION: readonly string[] = ["chunked-attention", "wasm-exponentials"];

let folder: string;
let every: Outputs;
let plainAttention: Outputs;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "optimisations-"));
  every = await outputsWithout("");
  plainAttention = await outputsWithout("fused-attention");
});
afterAll(() => rm(folder, { recursive: true }));

async function outputsWithout(name: string): Promise<Outputs> {
  const file = path.join(folder, `${name}.json`);
  const child = spawn(process.execPath, ["--import", "tsx", script, name, file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code, `without ${name}`).toBe(0);
  return JSON.parse(await readFile(file, "utf8")) as Outputs;
}

/** Norm of the difference over the norm. */
function apart(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  let [difference, whole] = [0, 0];
  a.forEach((x, i) => {
    difference += (x - b[i]!) ** 2;
    whole += x ** 2;
  });
  expect(whole).toBeGreaterThan(0);
  return Math.sqrt(difference / whole);
}

it.each(names)("%s", async (name) => {
  const plain = OF_PLAIN_ATTENTION.includes(name);
  const on = plain ? plainAttention : every;
  const off = await outputsWithout(plain ? `fused-attention,${name}` : name);
  // Rounding of float32, 6e-8, through some hundred layers; a gradient goes through twice as many and cancels.
  expect(apart(on.forward, off.forward)).toBeLessThan(2e-6);
  expect(apart(on.training, off.training)).toBeLessThan(3e-5);
  console.info(
    `${name}: ${apart(on.forward, off.forward).toExponential(1)} in the prediction, ` +
      `${apart(on.training, off.training).toExponential(1)} in the training graph, ` +
      `${off.nodes} nodes in place of ${on.nodes}`,
  );
});

it("makes a shorter graph of what it can", async () => {
  expect(every.nodes).toBeLessThan((await outputsWithout("all")).nodes);
});
