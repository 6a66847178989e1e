/** @file Norm, clipping and the count of what is not finite on the GPU agree with their float64 twin, summed as a tree and in subgroups. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectWithin,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { normals, uniforms } from "../../../../tests/support/seeded.ts";
import { requestAdapter } from "../../device.ts";
import { reductionsOn } from "../choose-reduction.ts";
import { BOUNDS } from "../grid.ts";
import { KernelQueue } from "../kernel-queue.ts";
import {
  gradientNorm,
  gradientNormKernels,
  normPartialsLength,
  readVerdict,
  type Verdict,
  VERDICT_BYTES,
} from "./index.ts";
import { gradientNormReference } from "./reference.ref.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

/** The verdict of every reduction that the device has, which is the same to the last bit. */
async function judge(
  parts: readonly Float32Array[],
  settings: { readonly scale: number; readonly limit: number | null },
  bounds = BOUNDS,
): Promise<Verdict> {
  const reductions = reductionsOn(queue.device);
  const verdicts: Verdict[] = [];
  const buffers = await Promise.all(parts.map((part) => storageOf(queue, part)));
  const ranges = parts.map(({ length }, i) => ({ gradient: buffers[i]!, length }));
  for (const reduction of reductions) {
    const partials = await storageOf(queue, normPartialsLength(ranges));
    const lossScale = await storageOf(queue, Float32Array.of(settings.scale));
    const verdict = await storageOf(queue, VERDICT_BYTES / 4);
    const others = { partials, lossScale, verdict };
    await runKernels(queue, gradientNorm(ranges, others, settings.limit, bounds, reduction));
    verdicts.push(readVerdict(await queue.read(verdict, VERDICT_BYTES)));
    for (const buffer of Object.values(others)) buffer.destroy();
  }
  for (const buffer of buffers) buffer.destroy();
  for (const verdict of verdicts) expect(verdict).toEqual(verdicts[0]);
  return verdicts[0]!;
}

function expectVerdict(got: Verdict, expected: Verdict): void {
  const [{ tolerance }] = gradientNormKernels();
  expect({ skip: got.skip, nonFinite: got.nonFinite }).toEqual({
    skip: expected.skip,
    nonFinite: expected.nonFinite,
  });
  expectWithin([got.norm, got.multiplier], [expected.norm, expected.multiplier], tolerance);
}

const SETTINGS = { scale: 1024, limit: 0.01 };

describe("agrees with the twin", () => {
  // Less than a workgroup, a chunk, not a multiple, more chunks than a row of the grid (4 here) takes.
  it.each([1, 4096, 5000, 9 * 4096 + 17])("%d elements", async (count) => {
    const gradient = normals(5, "gradient", count);
    const got = await judge([gradient], SETTINGS, { ...BOUNDS, workgroups: 4 });
    expectVerdict(got, gradientNormReference(gradient, SETTINGS));
  });

  it("several parts count as one vector", async () => {
    const gradient = normals(6, "gradient", 9000);
    const parts = [
      gradient.subarray(0, 5000),
      gradient.subarray(5000, 5003),
      gradient.subarray(5003),
    ];
    expectVerdict(await judge(parts, SETTINGS), gradientNormReference(gradient, SETTINGS));
  });

  it("20 million elements to 1e-6", async () => {
    // Positive and of one size: the worst for sums that lose what is small beside the total.
    const u = uniforms(7, "gradient");
    const gradient = Float32Array.from({ length: 20_000_000 }, (_, i) => 0.5 + 0.5 * u(i));
    const got = await judge([gradient], SETTINGS);
    const expected = gradientNormReference(gradient, SETTINGS);
    console.info(`norm of 20 million: off by ${(got.norm / expected.norm - 1).toExponential(1)}`);
    expectVerdict(got, expected);
  });
});

describe("clips only what is too long", () => {
  it.each([
    { name: "longer than the limit", limit: 1 },
    { name: "shorter", limit: 1e6 },
    { name: "without a limit", limit: null },
  ])("$name", async ({ limit }) => {
    const gradient = normals(8, "gradient", 3000);
    const settings = { scale: 2, limit };
    const got = await judge([gradient], settings);
    expectVerdict(got, gradientNormReference(gradient, settings));
    expect(got.multiplier < 0.5).toBe(limit === 1);
  });
});

describe("finds what is not finite", () => {
  it.each([[[NaN]], [[Infinity]], [[-Infinity, NaN, Infinity]]])("%s", async (bad) => {
    const gradient = normals(9, "gradient", 6000);
    bad.forEach((value, i) => {
      gradient[5999 - 700 * i] = value;
    });
    const got = await judge([gradient], SETTINGS);
    expectVerdict(got, gradientNormReference(gradient, SETTINGS));
    expect(got.nonFinite).toBe(bad.length);
  });

  it("squares that overflow together", async () => {
    // Each element is finite, and so is the square of none.
    const got = await judge([Float32Array.of(3e38, 3e38)], SETTINGS);
    expect(got).toMatchObject({ skip: true, nonFinite: 0 });
  });

  it("but not the largest and smallest numbers that are", async () => {
    const got = await judge([Float32Array.of(1e19, -1e19, 1e-45, -0)], SETTINGS);
    expect(got).toMatchObject({ skip: false, nonFinite: 0 });
  });
});

describe("subgroups", () => {
  it("are used where the adapter has them", async () => {
    const has = (await requestAdapter())!.features.has("subgroups");
    if (!has) console.info("NOT COMPUTED: this adapter lacks subgroups, only the tree is used.");
    expect(reductionsOn(queue.device)).toEqual(has ? ["tree", "subgroups"] : ["tree"]);
  });

  it("are not used on a device that was made without them", async () => {
    const plain = await (await requestAdapter())!.requestDevice();
    expect(reductionsOn(plain)).toEqual(["tree"]);
    const preparing = new KernelQueue(plain).prepare(gradientNormKernels("subgroups"));
    await expect(preparing).rejects.toThrow(/"gradient-norm .*" did not compile/);
    plain.destroy();
  });
});
