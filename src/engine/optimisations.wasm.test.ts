/** @file Every optimisation on WebAssembly, on and off: the default model predicts and differentiates alike. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BEHIND, EVERY_OPTIMISATION, FLAGGED } from "../core/optimisations.ts";
import { knowsWideVectors } from "./ort/wide-vectors-node.ts";

const script = fileURLToPath(new URL("../../tests/support/graph-outputs.ts", import.meta.url));
// Functions for wide vectors are tested with every engine (core/wasm/fused.test.ts); what V8 makes of them is where it can.
const names = [...EVERY_OPTIMISATION].filter(
  (name) => !name.startsWith("gpu-") && (!FLAGGED.has(name) || knowsWideVectors()),
);

interface Outputs {
  readonly nodes: number;
  readonly forward: readonly number[];
  /** Prediction, loss, gradient of K/V. */
  readonly training: readonly number[];
  /** Of the text encoder, and the gradient of a modifier token's row. */
  readonly features: readonly number[];
  readonly rows: readonly number[];
  /** Losses of a step, its gradient's norm, some of its gradient. */
  readonly step: readonly number[];
}

let folder: string;
/** With everything but the named one; "" with everything. */
const outputs = new Map<string, Outputs>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "optimisations-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function outputsWithout(name: string): Promise<Outputs> {
  const known = outputs.get(name);
  if (known !== undefined) return known;
  const file = path.join(folder, `${name}.json`);
  const child = spawn(process.execPath, ["--import", "tsx", script, name, file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code, `without ${name}`).toBe(0);
  const made = JSON.parse(await readFile(file, "utf8")) as Outputs;
  outputs.set(name, made);
  return made;
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
  const behind = BEHIND[name];
  const on = await outputsWithout(behind ?? "");
  const off = await outputsWithout(behind === undefined ? name : `${behind},${name}`);
  // Rounding of float32, 6e-8, through some hundred layers; a gradient goes through twice as many and cancels.
  expect(apart(on.forward, off.forward)).toBeLessThan(2e-6);
  expect(apart(on.training, off.training)).toBeLessThan(3e-5);
  expect(apart(on.features, off.features)).toBeLessThan(2e-6);
  expect(apart(on.rows, off.rows)).toBeLessThan(3e-5);
  expect(apart(on.step, off.step)).toBeLessThan(3e-5);
  console.info(
    `${name}: ${apart(on.forward, off.forward).toExponential(1)} in the prediction, ` +
      `${apart(on.training, off.training).toExponential(1)} in the training graph, ` +
      `${apart(on.features, off.features).toExponential(1)} in text features, ` +
      `${apart(on.rows, off.rows).toExponential(1)} in a token's gradient, ${apart(on.step, off.step).toExponential(1)} in a step, ` +
      `${off.nodes} nodes in place of ${on.nodes}`,
  );
});

it("makes a shorter graph of what it can", async () => {
  expect((await outputsWithout("")).nodes).toBeLessThan((await outputsWithout("all")).nodes);
});
