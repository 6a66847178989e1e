/** @file The nano UNet's attention beside PyTorch's on any runtime: the same measurement for every backend. */
import { exposeAttention } from "../../src/core/surgery/expose-attention.ts";
import { packedQueryOut } from "../../src/core/surgery/expose-query-out.ts";
import { prepareUnet } from "../../src/core/surgery/unet.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { Session } from "../../src/engine/ort/session.ts";
import { relativeL2 } from "./compare.ts";
import { readGolden } from "./golden.ts";
import { goldenFeeds, pick } from "./golden-feeds.ts";
import { NANO_SHAPE, nanoModel, type NanoStyle } from "./nano.ts";

/** Of the batch of two, the sample that the golden holds (tools/golden_attention.py). */
const SAMPLE = 1;

export interface AttentionDistances {
  /** Relative L2 distance of each resolution's map to the golden's, both less their mean of 1/77. */
  readonly maps: readonly number[];
  /** Largest distance of a row's sum from 1. */
  readonly rows: number;
  /** Relative L2 distance of the prediction to diffusers'. */
  readonly prediction: number;
}

export async function attentionDistances(
  runtime: Runtime,
  style: NanoStyle,
  queryOut = false,
): Promise<AttentionDistances> {
  const golden = await readGolden("nano-attention");
  const model = await nanoModel(style, "unet");
  const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, queryOut });
  const { graph, maps } = exposeAttention(unet);
  const step = await readGolden("nano-unet");
  const { feeds } = await goldenFeeds(unet, model.read, step);
  const flat = unet.queryOut;
  const session = await Session.create(runtime, graph, model.read, { name: "the UNet" });
  const out = await session.run({
    ...pick(feeds, ["sample", "time_features", "kv"]),
    ...(flat === undefined
      ? {}
      : { query_out: { dims: [flat.length], data: await packedQueryOut(flat, model.read) } }),
  });
  await session.release();
  let rows = 0;
  const distances = maps.map(({ name, height, width }) => {
    const places = height * width;
    const own = out[name]!.data.subarray(SAMPLE * places * 77, (SAMPLE + 1) * places * 77);
    rows = Math.max(rows, farthestFromOne(own));
    return relativeL2(centred(own), centred(golden.get(`places_${places}`).data));
  });
  const prediction = relativeL2(out[unet.prediction]!.data, step.get("noise_pred").data);
  return { maps: distances, rows, prediction };
}

/** Largest distance from 1 of a sum over the 77 tokens of one place. */
export function farthestFromOne(map: ArrayLike<number>): number {
  const sums = new Float64Array(map.length / 77);
  for (let i = 0; i < map.length; i++) sums[Math.floor(i / 77)]! += map[i]!;
  return sums.reduce((worst, sum) => Math.max(worst, Math.abs(sum - 1)), 0);
}

function centred(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (x) => x - 1 / 77);
}
