/** @file The packed key/value projection on the GPU; its twin is src/core/surgery/kv-projection.ts. */
import type { KvProjectionShape } from "../../../core/surgery/kv-projection.ts";
import type { Dispatch } from "../define-kernel.ts";
import type { Bounds } from "../grid.ts";
import { matmulDispatches, tiledMatmul } from "../tiled-matmul/index.ts";
import { USUAL, type Variant } from "../tiled-matmul/variant.ts";
import { KV_PROJECTION } from "./kernel.wgsl.ts";

const projection = tiledMatmul({
  label: "kv-projection",
  source: KV_PROJECTION,
  bindings: {
    c: ["read", "array<Element>"],
    w: ["read", "array<Element>"],
    kv: ["read_write", "array<Element>"],
  },
  uniforms: {},
  alongDepth: { left: true, right: false },
});

export function kvProjectionKernel(variant: Variant = USUAL) {
  return projection(variant).kernel;
}

/** KV [B, L, S] = c [B, L, E] · W [E, S] */
export function kvProjection(
  { batch, tokens, textWidth, columns }: KvProjectionShape,
  buffers: { readonly c: GPUBuffer; readonly w: GPUBuffer; readonly kv: GPUBuffer },
  bounds?: Bounds,
  variant: Variant = USUAL,
): readonly Dispatch[] {
  const shape = { rows: batch * tokens, depth: textWidth, columns };
  return matmulDispatches(projection(variant), buffers, shape, {}, bounds);
}
