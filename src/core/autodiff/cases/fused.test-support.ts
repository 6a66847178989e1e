/** @file Gradient-check cases of the studio's own operators: images, heads, more queries than keys and fewer. */
import { float, int } from "../../onnx/attributes.ts";
import { type Case, checked, frozen } from "../gradient-check.test-support.ts";

interface Sizes {
  readonly images: number;
  readonly heads: number;
  readonly size: number;
  readonly queries: number;
  readonly keys?: number;
}

const self = ({ images, heads, size, queries }: Sizes): Case => ({
  name: `${images} images, ${heads} heads of ${size}, ${queries} positions`,
  inputs: [checked([images, queries, 3 * heads * size]), frozen([images, queries, heads * size])],
  attributes: { heads: int(heads) },
});

const masked = (sizes: Sizes): Case => {
  const { name, inputs, attributes = {} } = self(sizes);
  const mask = frozen([sizes.queries, sizes.queries]);
  return { name: `${name}, a mask`, inputs: [...inputs, mask], attributes };
};

const cross = ({ images, heads, size, queries, keys = 1 }: Sizes): Case => ({
  name: `${images} images, ${heads} heads of ${size}, ${queries} queries, ${keys} keys`,
  inputs: [checked([images, keys, 2 * heads * size]), checked([images, queries, heads * size])],
  attributes: { heads: int(heads) },
});

const alone = (...dims: number[]): Case => ({
  name: `[${dims.join(", ")}]`,
  inputs: [checked(dims)],
});

const norm = (dims: readonly number[], groups: number, silu: 0 | 1): Case => ({
  name: `[${dims.join(", ")}] in ${groups} groups${silu ? ", SiLU" : ""}`,
  inputs: [checked(dims), frozen([dims[1]!]), frozen([dims[1]!])],
  attributes: { groups: int(groups), epsilon: float(1e-5), silu: int(silu) },
});

const layerNorm = (...dims: number[]): Case => ({
  name: `[${dims.join(", ")}]`,
  inputs: [checked(dims), frozen([dims.at(-1)!]), frozen([dims.at(-1)!])],
  attributes: { epsilon: float(1e-5) },
});

export const FUSED = {
  FusedGroupNorm: [norm([2, 4, 3], 2, 0), norm([1, 6, 2, 2], 3, 1), norm([2, 2, 2, 3], 1, 1)],
  FusedLayerNorm: [layerNorm(4), layerNorm(3, 5), layerNorm(2, 2, 6)],
  GatedGelu: [alone(2), alone(3, 8), alone(2, 2, 6)],
  QuickGelu: [alone(1), alone(8), alone(2, 3, 5)],
  PackedSelfAttention: [
    self({ images: 1, heads: 1, size: 2, queries: 3 }),
    self({ images: 2, heads: 2, size: 3, queries: 4 }),
    self({ images: 1, heads: 3, size: 1, queries: 1 }),
    masked({ images: 2, heads: 2, size: 2, queries: 3 }),
  ],
  PackedCrossAttention: [
    cross({ images: 1, heads: 1, size: 2, queries: 3, keys: 2 }),
    cross({ images: 2, heads: 2, size: 2, queries: 2, keys: 5 }),
    cross({ images: 2, heads: 3, size: 1, queries: 4, keys: 1 }),
  ],
};
