/** @file The packed key/value projection on the GPU; its twin is src/core/surgery/kv-projection.ts. */
import type { KvProjectionShape } from "../../../core/surgery/kv-projection.ts";
import type { Dispatch } from "../define-kernel.ts";
import type { Bounds } from "../grid.ts";
import { matmulDispatches, TILE, type Tile, tiledMatmul } from "../tiled-matmul/index.ts";
import { KV_PROJECTION } from "./kernel.wgsl.ts";

const projection = tiledMatmul({
  label: "kv-projection",
  source: KV_PROJECTION,
  bindings: {
    c: ["read", "array<f32>"],
    w: ["read", "array<f32>"],
    kv: ["read_write", "array<f32>"],
  },
  uniforms: {},
  alongDepth: { left: true, right: false },
});

export function kvProjectionKernel(tile: Tile = TILE) {
  return projection(tile).kernel;
}

/** KV [B, L, S] = c [B, L, E] · W [E, S] */
export function kvProjection(
  { batch, tokens, textWidth, columns }: KvProjectionShape,
  buffers: { readonly c: GPUBuffer; readonly w: GPUBuffer; readonly kv: GPUBuffer },
  bounds?: Bounds,
  tile: Tile = TILE,
): readonly Dispatch[] {
  const shape = { rows: batch * tokens, depth: textWidth, columns };
  return matmulDispatches(projection(tile), buffers, shape, {}, bounds);
}
