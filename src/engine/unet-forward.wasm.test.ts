/** @file The cut UNet predicts what diffusers predicts, in both exporter styles, with and without our clean-ups. */
import { describe, expect, it } from "vitest";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../tests/support/nano.ts";
import { readGolden } from "../../tests/support/golden.ts";
import { relativeL2 } from "../../tests/support/compare.ts";
import { goldenFeeds, pick } from "../../tests/support/golden-feeds.ts";
import { prepareUnet } from "../core/surgery/unet.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";
import { Session } from "./ort/session.ts";

describe.each(NANO_STYLES)("nano UNet, %s export, wasm", (style) => {
  it.each([true, false])("predicts the noise of diffusers (simplified: %s)", async (simplify) => {
    const model = await nanoModel(style, "unet");
    const golden = await readGolden("nano-unet");
    const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, simplify });
    const session = await Session.create(nodeRuntime(2), unet.graph, model.read, { name: "unet" });
    const { feeds } = await goldenFeeds(unet, model.read, golden);
    const out = await session.run(pick(feeds, ["sample", "time_features", "kv"]));
    // float32 through about 60 layers against float64: a few 1e-6 were seen.
    expect(relativeL2(out[unet.prediction]!.data, golden.get("noise_pred").data)).toBeLessThan(
      2e-5,
    );
    await session.release();
  });
});
