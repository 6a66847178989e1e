/** @file The tiny concept of tests/reference/concept-v1, laid out by hand from the numbers that Python used too. */
import { normals } from "../../../tests/support/seeded.ts";
import type { Concept } from "./concept.ts";
import type { ConceptLayout } from "./layer-tensors.ts";

/** Width E of the text features. */
const WIDTH = 4;
const CHANNELS = [3, 5] as const;
const [DOWN, MID] = [
  "down_blocks.0.attentions.0.transformer_blocks.0.attn2",
  "mid_block.attentions.0.transformer_blocks.0.attn2",
] as const;

/** Two blocks of 3 and 5 channels; the first one's graph reads to_q as PyTorch keeps it, and to_out the other way round. */
export const LAYOUT = {
  names: [DOWN, MID],
  kv: {
    textWidth: WIDTH,
    columns: 16,
    parts: [
      { block: 0, role: "key", offset: 0, width: 3 },
      { block: 0, role: "value", offset: 3, width: 3 },
      { block: 1, role: "key", offset: 6, width: 5 },
      { block: 1, role: "value", offset: 11, width: 5 },
    ],
  },
  queryOut: {
    length: 9 + 9 + 3 + 25 + 25 + 5,
    parts: [
      { block: 0, role: "query", offset: 0, transposed: true, constant: { dims: [3, 3] } },
      { block: 0, role: "out", offset: 9, transposed: false, constant: { dims: [3, 3] } },
      { block: 0, role: "out-bias", offset: 18, transposed: false, constant: { dims: [3] } },
      { block: 1, role: "query", offset: 21, transposed: false, constant: { dims: [5, 5] } },
      { block: 1, role: "out", offset: 46, transposed: true, constant: { dims: [5, 5] } },
      { block: 1, role: "out-bias", offset: 71, transposed: false, constant: { dims: [5] } },
    ],
  },
} as const satisfies ConceptLayout;

export const BASE = { id: "tiny", fingerprint: "00c0ffee" } as const;

/** Before the file rounds them to half precision. */
function difference(name: string, count: number): Float32Array {
  return normals(11, name, count).map((x) => x * 2 ** -7);
}

/** Each block's keys and values side by side: column c of a part is row c of PyTorch's [C, E]. */
function packedKv(): Float32Array {
  const rows = [DOWN, MID].flatMap((layer, block) => {
    const channels = CHANNELS[block]!;
    return ["to_k", "to_v"].flatMap((role) => {
      const weight = difference(`${layer}.${role}.weight`, channels * WIDTH);
      return Array.from({ length: channels }, (_, c) => weight.slice(c * WIDTH, (c + 1) * WIDTH));
    });
  });
  return Float32Array.from({ length: WIDTH * rows.length }, (_, i) => {
    return rows[i % rows.length]![Math.floor(i / rows.length)]!;
  });
}

function transposed(matrix: Float32Array, size: number): Float32Array {
  return matrix.map((_, i) => matrix[(i % size) * size + Math.floor(i / size)]!);
}

function flatQueryOut(): Float32Array {
  return Float32Array.from([
    ...difference(`${DOWN}.to_q.weight`, 9),
    ...transposed(difference(`${DOWN}.to_out.0.weight`, 9), 3),
    ...difference(`${DOWN}.to_out.0.bias`, 3),
    ...transposed(difference(`${MID}.to_q.weight`, 25), 5),
    ...difference(`${MID}.to_out.0.weight`, 25),
    ...difference(`${MID}.to_out.0.bias`, 5),
  ]);
}

function token(name: string, category: string) {
  return {
    token: name,
    category,
    row: normals(11, `modifier_token.${name}`, WIDTH),
    initialRow: normals(11, `modifier_token_initial.${name}`, WIDTH),
  };
}

export const CONCEPT: Concept = {
  baseModel: BASE,
  train: "crossattn",
  tokens: [token("<new1>", "bear"), token("<Bär>", "plush toy")],
  kvDifference: packedKv(),
  queryOutDifference: flatQueryOut(),
  settings: { steps: 200, learningRate: 3e-4, seed: 1 },
  metrics: { loss: 0.125 },
};
