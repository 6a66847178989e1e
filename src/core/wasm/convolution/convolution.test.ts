/** @file The convolution's function, run alone by several threads' numbers, beside Conv's plain values. */
import { describe, expect, it } from "vitest";
import { fusedAlone, memory, TARGETS } from "../../../../tests/support/wasm-functions.ts";
import { transformedWeights } from "../../convolution/winograd.ts";
import { ints } from "../../onnx/attributes.ts";
import { evaluateNode } from "../../onnx/evaluate.ts";
import { normal } from "../../random/normal.ts";
import { ndArray } from "../../tensor/nd-array.ts";
import { fusedScale, type Mode } from "../fused-call.ts";
import { SCRATCH_FLOATS } from "../fused.ts";
import { mostChannelsDirectly } from "./direct.ts";
import { mostChannels } from "./tiled.ts";

const UNTOUCHED = 7.5;
const ARGUMENTS = 64;
const FIRST = 0x1000;

interface Case {
  readonly images: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly threads: number;
  /** What is added: as large as the output, or a number for each image and channel. */
  readonly adds?: "whole" | "image";
  readonly mode?: Mode;
}

const direct = { mode: "directConvolution" } as const;
const own = { adds: "image" } as const;

const CASES: readonly Case[] = [
  { images: 1, inputs: 1, outputs: 8, height: 8, width: 8, threads: 1 },
  { images: 1, inputs: 3, outputs: 8, height: 16, width: 8, threads: 4, adds: "whole" },
  { images: 2, inputs: 5, outputs: 24, height: 8, width: 24, threads: 2, ...own },
  // More than one block of groups, the last one not full, and threads that share blocks.
  { images: 3, inputs: 4, outputs: 16, height: 24, width: 24, threads: 5 },
  { images: 1, inputs: 33, outputs: 40, height: 32, width: 16, threads: 3, adds: "whole" },
  { ...direct, images: 1, inputs: 1, outputs: 8, height: 1, width: 4, threads: 1 },
  { ...direct, images: 3, inputs: 5, outputs: 16, height: 4, width: 4, threads: 2, adds: "whole" },
  { ...direct, images: 5, inputs: 12, outputs: 24, height: 3, width: 12, threads: 3, ...own },
];

/** Places tensors one after the other and gives their addresses. */
function placed(tensors: readonly Float32Array[]): number[] {
  const pages = Math.ceil((FIRST + tensors.reduce((sum, t) => sum + t.byteLength, 0)) / 0x10000);
  const missing = pages - memory.buffer.byteLength / 0x10000;
  if (missing > 0) memory.grow(missing);
  const floats = new Float32Array(memory.buffer);
  let at = FIRST;
  return tensors.map((tensor) => {
    floats.set(tensor, at / 4);
    at += tensor.byteLength;
    return at - tensor.byteLength;
  });
}

function ordered(mode: Mode, weights: Float32Array, outputs: number, inputs: number): Float32Array {
  if (mode === "tiledConvolution") return transformedWeights(weights, outputs, inputs);
  const taps = 9 * inputs;
  return Float32Array.from(weights, (_, at) => {
    const o = Math.floor(at / taps / 8) * 8 + (at % 8);
    return weights[o * taps + (Math.floor(at / 8) % taps)]!;
  });
}

describe.each(TARGETS)("an engine $engine", (target) => {
  const kernel = fusedAlone(target);

  it.each(CASES)(
    "$mode $images x $inputs x $height x $width to $outputs channels, $threads threads",
    (of) => {
      const { images, inputs, outputs, height, width, threads } = of;
      const { mode = "tiledConvolution", adds } = of;
      const pixels = height * width;
      const x = normal(1, images * inputs * pixels);
      const weights = normal(2, outputs * inputs * 9).map((w) => w / (3 * Math.sqrt(inputs)));
      const bias = normal(3, outputs);
      const size = images * outputs * pixels;
      const added = normal(4, adds === "image" ? images * outputs : size);
      const heads = { none: 0, whole: 1, image: 2 }[adds ?? "none"];
      const [query, parameters, value, output, scratch] = placed([
        Float32Array.from(x),
        Float32Array.from([...ordered(mode, weights, outputs, inputs), ...bias]),
        Float32Array.from(added),
        new Float32Array(size + 8).fill(UNTOUCHED),
        new Float32Array(threads * SCRATCH_FLOATS),
      ]) as [number, number, number, number, number];
      const words = new Int32Array(memory.buffer);
      const sizes = { 0: images, 4: 1, 8: pixels, 12: 1, 16: inputs, 20: outputs };
      const places = { 24: parameters, 40: scratch, 44: 4 * SCRATCH_FLOATS, 48: query, 52: query };
      const fields = { ...sizes, ...places, 36: threads, 56: value, 60: output };
      for (const [at, field] of Object.entries(fields)) words[(ARGUMENTS + Number(at)) / 4] = field;
      new Float32Array(memory.buffer)[(ARGUMENTS + 32) / 4] = fusedScale(mode, heads, width);
      for (let thread = 0; thread < threads; thread++) kernel(ARGUMENTS, thread);
      const got = new Float32Array(memory.buffer, output, size + 8);
      const node = {
        ...{ opType: "Conv", name: "", inputs: ["x", "w", "b"], outputs: ["y"] },
        attributes: new Map([["pads", ints([1, 1, 1, 1])]]),
      };
      const [wanted] = evaluateNode(node, 18, [
        ndArray("float64", [images, inputs, height, width], x),
        ndArray("float64", [outputs, inputs, 3, 3], weights),
        ndArray("float64", [outputs], bias),
      ]);
      // Sums of squares near 1: float32's 6e-8 times the transforms' numbers, some tens.
      wanted!.data.forEach((y, i) => {
        const more = { none: 0, whole: added[i]!, image: added[Math.floor(i / pixels)]! };
        expect(Math.abs(got[i]! - y - more[adds ?? "none"])).toBeLessThan(1e-5);
      });
      expect([...got.subarray(size)]).toEqual(new Array(8).fill(UNTOUCHED));
    },
  );
});

it("has room for a wide network's channels, and a limit", () => {
  expect(mostChannels(SCRATCH_FLOATS)).toBeGreaterThanOrEqual(640);
  expect(mostChannels(SCRATCH_FLOATS) * 36 * 8 * 16).toBeLessThan(4 * SCRATCH_FLOATS);
  expect(mostChannelsDirectly(SCRATCH_FLOATS)).toBeGreaterThanOrEqual(1280);
  expect(mostChannelsDirectly(SCRATCH_FLOATS) * 9 * 4 * 16).toBeLessThan(SCRATCH_FLOATS);
});
