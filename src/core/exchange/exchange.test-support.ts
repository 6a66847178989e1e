/** @file The concept of tests/reference/exchange, laid out from the numbers that Python used too. */
import { normals } from "../../../tests/support/seeded.ts";
import type { Concept } from "../concept/concept.ts";
import { crossAttentionNames } from "../concept/layer-names.ts";
import { type ConceptLayout, kvTensors, scatterTensor } from "../concept/layer-tensors.ts";
import type { ExchangeBase } from "./exchange-base.ts";

const SEED = 11;
export const WIDTH = 4;
export const RANK = 2;

const NAMES = crossAttentionNames({
  downBlocks: ["CrossAttnDownBlock2D", "DownBlock2D"],
  upBlocks: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layersPerBlock: 2,
});

export function channelsOf(name: string): number {
  return name.startsWith("mid") ? 10 : 6;
}

/** Keys and values of the blocks side by side, as kv-layout packs them. */
function layout(): ConceptLayout {
  let columns = 0;
  const parts = NAMES.flatMap((name, block) =>
    (["key", "value"] as const).map((role) => {
      const width = channelsOf(name);
      columns += width;
      return { block, role, offset: columns - width, width };
    }),
  );
  return { names: NAMES, kv: { textWidth: WIDTH, columns, parts } };
}

export const LAYOUT = layout();
export const PARAMETERS = kvTensors(LAYOUT).map(({ name }) => name);

const normal = (name: string, count: number): Float32Array => normals(SEED, name, count);
const size = (name: string): number => channelsOf(name) * WIDTH;

function frozenOf(name: string): Float32Array {
  return normal(`base.${name}`, size(name)).map((x) => x * 0.5);
}

export function differenceOf(name: string): Float32Array {
  return normal(name, size(name)).map((x) => x * 2 ** -7);
}

export function fullOf(name: string): Float32Array {
  const difference = differenceOf(name);
  return frozenOf(name).map((x, i) => x + difference[i]!);
}

export function upOf(name: string): Float32Array {
  return normal(`${name}.up`, channelsOf(name) * RANK).map((x) => x * 2 ** -4);
}

export function downOf(name: string): Float32Array {
  return normal(`${name}.down`, RANK * WIDTH);
}

export function rowOf(token: string): Float32Array {
  return normal(`modifier_token.${token}`, WIDTH);
}

function packed(valuesOf: (name: string) => Float32Array): Float32Array {
  const flat = new Float32Array(LAYOUT.kv.columns * WIDTH);
  for (const tensor of kvTensors(LAYOUT)) scatterTensor(valuesOf(tensor.name), tensor, flat);
  return flat;
}

export const BASE: ExchangeBase = {
  baseModel: { id: "tiny", fingerprint: "00c0ffee" },
  layout: LAYOUT,
  kvWeights: packed(frozenOf),
};

export const CONCEPT: Concept = {
  baseModel: BASE.baseModel,
  train: "kv+token",
  tokens: ["<new1>", "<new2>"].map((token) => ({
    token,
    category: "bear",
    row: rowOf(token),
    initialRow: new Float32Array(WIDTH),
  })),
  kvDifference: packed(differenceOf),
  queryOutDifference: null,
  settings: {},
  metrics: {},
};
