/** @file Where each layer's PyTorch matrix lies in the flat vectors that training works on. */
import { StudioError } from "../errors.ts";
import type { QueryOutPart } from "../surgery/expose-query-out.ts";
import type { KvColumns } from "../surgery/kv-layout.ts";

/** The places of a model's trainable weights; a UNet's `kv` and `queryOut` fit. */
export interface ConceptLayout {
  readonly kv: {
    readonly textWidth: number;
    readonly columns: number;
    readonly parts: readonly Omit<KvColumns, "weight">[];
  };
  /** Needed for face-mode concepts only. */
  readonly queryOut?: QueryOutPlaces | undefined;
  /** diffusers' name of each block, as `crossAttentionNames` gives them. */
  readonly names: readonly string[];
}

interface QueryOutPlaces {
  readonly length: number;
  readonly parts: readonly (Omit<QueryOutPart, "constant"> & {
    readonly constant: { readonly dims: readonly number[] };
  })[];
}

/** One PyTorch parameter as a strided view of a flat vector. */
export interface LayerTensor {
  /** diffusers' name of the parameter. */
  readonly name: string;
  /** [out, in], or [out] of a bias, as PyTorch keeps it. */
  readonly dims: readonly [number, number] | readonly [number];
  readonly offset: number;
  /** Elements of the flat vector from one output, and from one input, to the next. */
  readonly outStride: number;
  readonly inStride: number;
}

const KV_NAMES = { key: "to_k.weight", value: "to_v.weight" } as const;
const QUERY_OUT_NAMES = {
  query: "to_q.weight",
  out: "to_out.0.weight",
  "out-bias": "to_out.0.bias",
} as const;

/**
 * The key and value weights [C, E] in the packed matrix [E, S].
 * @throws StudioError "model-unsupported" where names and graph have different numbers of blocks
 */
export function kvTensors({ kv, names }: ConceptLayout): LayerTensor[] {
  if (2 * names.length !== kv.parts.length) {
    throw new StudioError(
      "model-unsupported",
      `The model's unet/config.json describes ${names.length} cross-attention layers, and its graph has ${kv.parts.length / 2}; fetch both files again.`,
    );
  }
  return kv.parts.map(({ block, role, offset, width }) => ({
    name: `${names[block]!}.${KV_NAMES[role]}`,
    dims: [width, kv.textWidth],
    offset,
    outStride: 1,
    inStride: kv.columns,
  }));
}

/** The query and output weights [C, C] and output biases [C] in the flat query_out [N]. */
export function queryOutTensors(
  { parts }: QueryOutPlaces,
  names: readonly string[],
): LayerTensor[] {
  return parts.map(({ block, role, offset, transposed, constant: { dims } }) => {
    const name = `${names[block]!}.${QUERY_OUT_NAMES[role]}`;
    const [rows, columns] = dims as [number, number | undefined];
    if (columns === undefined) return { name, dims: [rows], offset, outStride: 1, inStride: 0 };
    return transposed
      ? { name, dims: [rows, columns], offset, outStride: columns, inStride: 1 }
      : { name, dims: [columns, rows], offset, outStride: 1, inStride: columns };
  });
}

/** A parameter's values in PyTorch's order, out of a flat vector. */
export function gatherTensor(flat: Float32Array, tensor: LayerTensor): Float32Array {
  const [outputs, inputs = 1] = tensor.dims;
  const values = new Float32Array(outputs * inputs);
  eachElement(tensor, (place, i) => (values[i] = flat[place]!));
  return values;
}

/** Puts a parameter's values, in PyTorch's order, into a flat vector. */
export function scatterTensor(values: Float32Array, tensor: LayerTensor, flat: Float32Array): void {
  eachElement(tensor, (place, i) => (flat[place] = values[i]!));
}

function eachElement(
  { dims: [outputs, inputs = 1], offset, outStride, inStride }: LayerTensor,
  visit: (place: number, index: number) => void,
): void {
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) visit(offset + o * outStride + i * inStride, o * inputs + i);
  }
}
