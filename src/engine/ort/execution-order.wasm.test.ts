/** @file onnxruntime runs a training graph's nodes in the order that memory is reckoned by, with and without recomputation. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { someFeeds } from "../../../bench/some-feeds.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../../tests/support/nano.ts";
import { executionOrder } from "../../core/passes/execution-order.ts";
import { graphForSession } from "../../core/passes/for-session.ts";
import { trainingGraph } from "../../core/surgery/training-graph.ts";
import { prepareUnet } from "../../core/surgery/unet.ts";
import { endProfile } from "./profile-node.ts";
import { nodeRuntime } from "./runtime-node.ts";
import { Session } from "./session.ts";

const runtime = nodeRuntime(1);
const EVENTS = z.array(z.object({ cat: z.string(), name: z.string() }));
const SUFFIX = "_kernel_time";

describe.each(NANO_STYLES)("the nano model's training graph, %s export", (style) => {
  it.each([1, 3])("in %i segments", async (segments) => {
    const { graph, read } = await nanoModel(style, "unet");
    const unet = prepareUnet(graph, NANO_SHAPE, { blocks: 16 });
    const training = trainingGraph(unet, { segments });
    const session = await Session.create(runtime, training.graph, read, {
      name: "the training graph",
      optimisation: "disabled",
      profile: true,
    });
    await session.run(someFeeds(training.graph));
    const ran = EVENTS.parse(JSON.parse(endProfile(session)))
      .filter(({ cat, name }) => cat === "Node" && name.endsWith(SUFFIX))
      .map(({ name }) => name.slice(0, -SUFFIX.length));
    await session.release();
    const whole = graphForSession(training.graph, runtime.fused);
    expect(ran).toEqual(executionOrder(whole).map(({ name }) => name));
  });
});
