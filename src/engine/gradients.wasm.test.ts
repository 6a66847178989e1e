/** @file The gradients of the ONNX training graph are PyTorch autograd's: nano model, both exporter styles, wasm. */
import { describe, expect, it } from "vitest";
import { NANO_STYLES } from "../../tests/support/nano.ts";
import {
  type Distances,
  queryOutDistances,
  textEncoderDistances,
  unetDistances,
} from "../../tests/support/nano-gradients.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";

/** float32 through forward and backward of about 60 layers against float64: 1e-6 to 1e-5 were seen. */
const TOLERANCE = 1e-4;

const runtime = nodeRuntime(2);

function expectClose(distances: Distances): void {
  for (const [what, distance] of Object.entries(distances)) {
    expect(distance, what).toBeLessThan(TOLERANCE);
  }
}

describe.each(NANO_STYLES)("nano model, %s export, wasm", (style) => {
  it.each([true, false])("K/V and conditioning gradients (simplified: %s)", async (simplify) => {
    expectClose(await unetDistances(runtime, style, { simplify }));
  });

  it("query and output projection gradients (face mode)", async () => {
    expectClose(await queryOutDistances(runtime, style));
  });

  it("token embedding gradient through the text encoder", async () => {
    expectClose(await textEncoderDistances(runtime, style));
  });
});
