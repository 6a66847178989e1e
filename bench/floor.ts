/**
 * @file How far a training step is from the floor: the time that its products would take at the rates which the heaviest
 * of them reach alone, at their fastest, if everything else took none.
 */
import type { Graph } from "../src/core/onnx/graph.ts";
import { graphFlops } from "../src/core/passes/flops.ts";
import { readModel } from "../src/engine/model/read-model.ts";
import { endProfile } from "../src/engine/ort/profile-node.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { Session } from "../src/engine/ort/session.ts";
import { folderFiles } from "../src/hub/folder-files.ts";
import { MODEL } from "./contenders.ts";
import { type Family, heaviestProducts, smallestProduct } from "./floor-graphs.ts";
import { NOTHING_FUSED } from "../src/core/passes/fuse.ts";
import { readProfile } from "./profile/read-profile.ts";
import type { Floor } from "./report/results.ts";
import { someFeeds } from "./some-feeds.ts";
import { studioGraph } from "./studio-graph.ts";

/** Kinds of product whose rate is measured; they hold about half of the work. */
const KINDS = 6;

export type FloorBasis = Pick<Floor, "rates"> & {
  readonly work: readonly Omit<Floor["work"][number], "torchMs" | "ownMs">[];
};

export async function measureFloor(threads: number, rounds: number): Promise<FloorBasis> {
  const runtime = nodeRuntime(threads);
  const model = await readModel("toybox-256", folderFiles(MODEL));
  // Every product as one that is counted, and each of them once.
  const plain = { ...runtime, fused: NOTHING_FUSED, attentionBytes: undefined };
  const forward = (await studioGraph(model, "unet", 4, plain)).graph;
  const training = (await studioGraph(model, "training", 4, plain)).graph;
  // With threads onnxruntime's profile adds some 0.1 ms to every node, which is not the product's.
  const measuring = await kernelSeconds(smallestProduct(), runtime, 5 * rounds);
  const rate = async (family: Family): Promise<number> => {
    let [flops, seconds] = [0, 0];
    for (const product of heaviestProducts(training, family, KINDS)) {
      flops += product.flops * product.count;
      const taken = await kernelSeconds(product.graph, runtime, 5 * rounds);
      seconds += product.count * (taken - measuring);
    }
    return flops / seconds / 1e9;
  };
  const work = [
    { name: "forward, batch 4", graph: forward },
    { name: "training step, batch 4", graph: training },
  ].map(({ name, graph }) => {
    const { convolution, matmul } = graphFlops(graph);
    return { name, convolution: convolution / 1e9, matmul: matmul / 1e9 };
  });
  return { work, rates: { convolution: await rate("convolution"), matmul: await rate("matmul") } };
}

/** Of the kernel alone, at its fastest: what goes in and out of a session is not counted. */
async function kernelSeconds(graph: Graph, runtime: Runtime, rounds: number): Promise<number> {
  const read = (): Promise<null> => Promise.resolve(null);
  const session = await Session.create(runtime, graph, read, { name: "a product", profile: true });
  const feeds = someFeeds(graph);
  for (let round = 0; round <= rounds; round++) await session.run(feeds);
  const { fastestNodesMs } = readProfile(endProfile(session));
  await session.release();
  return fastestNodesMs / 1000;
}
