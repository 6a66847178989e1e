/**
 * @file Where in the picture each text token is looked at: the probabilities of a UNet's cross-attention as further
 * outputs (docs/attention.md).
 *
 *   P = softmax(Q Kᵀ / √d)      [B, H, T, L] of one block: for each place, how its attention is shared among the tokens
 *   M = mean over the H heads, and over the blocks whose T is the same     [B, T, L]
 *
 * The means are taken inside the graph, so that little is read back: 3 MB a pass with guidance in Stable Diffusion.
 */
import { int, ints } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { StudioError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Unet, UnetShape } from "./unet.ts";

/** One output M [B, T, L]; places are counted row by row, T = height · width. */
export interface AttentionOutput {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** How many blocks it is the mean of. */
  readonly blocks: number;
}

/**
 * The same UNet with one more output for each resolution that its cross-attention works at.
 * @throws StudioError "model-unsupported" where a block's places are not the latents' grid, halved some times
 */
export function exposeAttention({ graph, prediction, attention, shape }: Unet): {
  readonly graph: Graph;
  readonly maps: readonly AttentionOutput[];
} {
  const emit = new Emitter(graph);
  const byPlaces = new Map<number, string[]>();
  for (const softmax of attention) {
    const places = emit.type(softmax).dims.at(-2) ?? 1;
    byPlaces.set(places, [...(byPlaces.get(places) ?? []), meanOverHeads(emit, softmax, shape)]);
  }
  const maps = [...byPlaces].map(([places, means]): AttentionOutput => {
    const sum = means.reduce((total, mean) => emit.op("Add", [total, mean]));
    const name = emit.op("Mul", [sum, emit.scalar(1 / means.length)]);
    return { name, ...gridOf(places, shape), blocks: means.length };
  });
  return { graph: emit.finish([prediction, ...maps.map(({ name }) => name)]), maps };
}

/** Exports keep P as [B, H, T, L] or, from batched products, as [B·H, T, L]. */
function meanOverHeads(emit: Emitter, softmax: string, { batch, tokens }: UnetShape): string {
  const { dims } = emit.type(softmax);
  const places = dims.at(-2) ?? 1;
  const heads = elementCount(dims) / (batch * places * tokens);
  const split = emit.op("Reshape", [softmax, emit.ints([batch, heads, places, tokens])]);
  const keepdims = int(0);
  // Axes were an attribute before operator set 18.
  return emit.opset < 18
    ? emit.op("ReduceMean", [split], { axes: ints([1]), keepdims })
    : emit.op("ReduceMean", [split, emit.ints([1])], { keepdims });
}

/** Strided convolutions halve the latents' grid, rounding up. */
function gridOf(places: number, { height, width }: UnetShape): { height: number; width: number } {
  for (let grid = { height, width }; ;) {
    const area = grid.height * grid.width;
    if (area === places) return grid;
    if (area < places || area === 1) {
      throw new StudioError(
        "model-unsupported",
        `A cross-attention block of the UNet looks at ${places} places, which are no part of latents of ${height} × ${width}; its attention cannot be shown.`,
      );
    }
    grid = { height: Math.ceil(grid.height / 2), width: Math.ceil(grid.width / 2) };
  }
}
