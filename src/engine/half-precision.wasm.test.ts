/**
 * @file Half precision where there is no GPU: onnxruntime computes float16 nodes in float32 there and rounds what they give,
 * which is enough to try the graphs, and nothing to be offered.
 */
import { describe, expect, it } from "vitest";
import { readGolden } from "../../tests/support/golden.ts";
import { NANO_STYLES } from "../../tests/support/nano.ts";
import { textEncoderDistances, unetDistances } from "../../tests/support/nano-gradients.ts";
import { optimisationsWithout } from "../core/optimisations.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";
import { inPrecision } from "./precision.ts";

/** As a GPU's: without operators of the studio's own. */
const runtime = nodeRuntime(2, optimisationsWithout("all"));

/** PyTorch's own distances under autocast; every value that is rounded here is not rounded there. */
const autocast = (await readGolden("nano-half")).get("autocast").data;
const TOLERANCE = { prediction: 2 * autocast[0]!, gradient: 1.5 * autocast[1]! };

describe.each(NANO_STYLES)("nano model, %s export, float16", (style) => {
  it.each([
    ["as it is made", {}],
    ["not simplified", { simplify: false }],
    ["SiLU, GELU and GroupNorm node by node", { composites: false }],
  ])("training graph %s, with a loss scale", async (_, options) => {
    const half = { ...options, precision: "float16", lossScale: 2 ** 15 } as const;
    const distances = await unetDistances(runtime, style, half);
    console.info(JSON.stringify(distances));
    expect(distances["prediction"]).toBeLessThan(TOLERANCE.prediction);
    for (const name of ["dKv", "dW", "dC"]) {
      expect(distances[name], name).toBeLessThan(TOLERANCE.gradient);
    }
    // It was computed in float16: float32 is 1e-5 off.
    expect(distances["prediction"]).toBeGreaterThan(1e-4);
  });
});

it.each(NANO_STYLES)("text encoder and its gradient, %s export, float16", async (style) => {
  const { hidden, dEmbeds } = await textEncoderDistances(runtime, style, "float16");
  console.info(JSON.stringify({ hidden, dEmbeds }));
  // What rounding to 11 bits, two layers deep, may cost; float32 is 1e-6 off.
  expect(hidden).toBeLessThan(1e-2);
  expect(dEmbeds).toBeLessThan(2e-2);
  expect(hidden).toBeGreaterThan(1e-5);
});

it("is refused without a GPU", () => {
  expect(() => inPrecision(runtime, "float16")).toThrow("float16 needs a GPU");
  expect(inPrecision(runtime, "float32").precision).toBe("float32");
});
