/**
 * @file Concept files (`.concept.safetensors`): differences in float16 under diffusers' names and in PyTorch's
 * orientation [out, in], whole in version 1 and as factors in version 2; token rows in float32, the rest as metadata.
 */
import { StudioError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { elementCount, sameDims } from "../tensor/shape.ts";
import type { Safetensors, SafetensorsEntry } from "../tensor/safetensors.ts";
import { float16Entry, float32Entry, float32Values } from "../tensor/safetensors-values.ts";
import { safetensorsSize, writeSafetensors } from "../tensor/safetensors-write.ts";
import type { BaseModel, Concept, LayerFactors, TrainMode } from "./concept.ts";
import { productOf } from "./factors.ts";
import { type ConceptHeader, damaged, readHeader, writeHeader } from "./concept-header.ts";
import {
  type ConceptLayout,
  gatherTensor,
  kvTensors,
  type LayerTensor,
  queryOutTensors,
  scatterTensor,
} from "./layer-tensors.ts";

const rowName = (token: string): string => `modifier_token.${token}`;
const factorName = (layer: string, part: "up" | "down"): string => `${layer}.${part}`;
const initialRowName = (token: string): string => `modifier_token_initial.${token}`;

/** Largest finite float16. */
const HALF_MAX = 65504;

/**
 * Deterministic: equal concepts are equal bytes.
 * @throws StudioError "invalid-input" where a number is not finite or no float16 can hold it, or a token is badly named
 */
export function encodeConcept(concept: Concept, layout: ConceptLayout): Uint8Array<ArrayBuffer> {
  const entries = new Map<string, SafetensorsEntry>();
  const places = tensorsOf(concept.train, layout);
  const add = (
    flat: Float32Array | null,
    length: number,
    tensors: readonly LayerTensor[],
  ): void => {
    if ((flat?.length ?? 0) !== length) throw misfit();
    if (flat === null) return;
    for (const tensor of tensors) {
      entries.set(tensor.name, halfEntry(tensor.name, tensor.dims, gatherTensor(flat, tensor)));
    }
  };
  const { kvFactors } = concept;
  if (kvFactors === undefined) add(concept.kvDifference, places.kvLength, places.kv);
  else {
    if (places.kv.length !== kvFactors.length) throw misfit();
    for (const [i, { rank, up, down }] of kvFactors.entries()) {
      const { name, dims } = places.kv[i]!;
      const [outputs, inputs = 0] = dims;
      if (up.length !== outputs * rank || down.length !== rank * inputs) throw misfit();
      entries.set(factorName(name, "up"), halfEntry(name, [outputs, rank], up));
      entries.set(factorName(name, "down"), halfEntry(name, [rank, inputs], down));
    }
  }
  add(concept.queryOutDifference, places.queryOutLength, places.queryOut);
  for (const { token, row, initialRow } of concept.tokens) {
    for (const [name, values] of [
      [rowName(token), row],
      [initialRowName(token), initialRow],
    ] as const) {
      if (values.length !== layout.kv.textWidth) throw misfit();
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined) throw unstorable(name, bad);
      entries.set(name, float32Entry([values.length], values));
    }
  }
  const version = kvFactors === undefined ? "1" : "2";
  return writeSafetensors(entries, writeHeader(concept, version));
}

/**
 * Bytes of the file of a concept whose keys and values are factors of these ranks, layer by layer.
 * @param concept without its numbers: of all modes but the face mode
 */
export function conceptFileSize(
  concept: ConceptHeader,
  layout: ConceptLayout,
  ranks: readonly number[],
): number {
  const shapes = new Map<string, Pick<SafetensorsEntry, "dtype" | "dims">>();
  for (const [i, { name, dims }] of kvTensors(layout).entries()) {
    const [rank, [outputs, inputs = 0]] = [ranks[i]!, dims];
    shapes.set(factorName(name, "up"), { dtype: "float16", dims: [outputs, rank] });
    shapes.set(factorName(name, "down"), { dtype: "float16", dims: [rank, inputs] });
  }
  for (const { token } of concept.tokens) {
    for (const name of [rowName(token), initialRowName(token)]) {
      shapes.set(name, { dtype: "float32", dims: [layout.kv.textWidth] });
    }
  }
  return safetensorsSize(shapes, writeHeader(concept, "2"));
}

function halfEntry(name: string, dims: readonly number[], values: Float32Array): SafetensorsEntry {
  const bad = values.find((x) => !(Math.abs(x) <= HALF_MAX));
  if (bad !== undefined) throw unstorable(name, bad);
  return float16Entry(dims, values);
}

/**
 * @param expected the model that the concept is to be used with
 * @throws StudioError "invalid-input" saying what is wrong: another format or version, another base model, layers
 *   that are missing, too many or of another shape, numbers that are not finite
 */
export function decodeConcept(
  bytes: Uint8Array,
  layout: ConceptLayout,
  expected: BaseModel,
): Concept {
  const { version, header, tensors } = readHeader(bytes);
  checkBaseModel(header.baseModel, expected);
  const left = new Set(tensors.keys());
  const take = (name: string, dtype: DType, dims: readonly number[]): Float32Array => {
    left.delete(name);
    return valuesOf(tensors, name, dtype, dims);
  };
  const flat = (length: number, places: readonly LayerTensor[]): Float32Array | null => {
    if (length === 0) return null;
    const whole = new Float32Array(length);
    for (const place of places) {
      scatterTensor(take(place.name, "float16", place.dims), place, whole);
    }
    return whole;
  };
  const places = tensorsOf(header.train, layout);
  const width = [layout.kv.textWidth];
  const factors =
    version === "2" ? places.kv.map((place) => factorsOf(tensors, place, take)) : null;
  const concept: Concept = {
    ...header,
    ...(factors === null
      ? { kvDifference: flat(places.kvLength, places.kv) }
      : { kvDifference: productOf(factors, places), kvFactors: factors }),
    queryOutDifference: flat(places.queryOutLength, places.queryOut),
    tokens: header.tokens.map(({ token, category }) => ({
      token,
      category,
      row: take(rowName(token), "float32", width),
      initialRow: take(initialRowName(token), "float32", width),
    })),
  };
  const [stranger] = left;
  if (stranger !== undefined) {
    throw damaged(`it has a tensor ${JSON.stringify(stranger.slice(0, 100))} that does not belong`);
  }
  return concept;
}

/** The factors of a layer, of whatever rank the file has. */
function factorsOf(
  tensors: Safetensors["tensors"],
  { name, dims }: LayerTensor,
  take: (name: string, dtype: DType, dims: readonly number[]) => Float32Array,
): LayerFactors {
  const [outputs, inputs = 0] = dims;
  const rank = tensors.get(factorName(name, "up"))?.dims[1] ?? 0;
  // A product that is larger than what it stands for would only be there to use up memory.
  if (rank > Math.min(outputs, inputs)) throw damaged(`"${name}" has factors of rank ${rank}`);
  return {
    rank,
    up: take(factorName(name, "up"), "float16", [outputs, rank]),
    down: take(factorName(name, "down"), "float16", [rank, inputs]),
  };
}

/** What `inspect` shows of a concept. */
export interface ConceptSummary extends ConceptHeader {
  readonly version: 1 | 2;
  /** Weight matrices and biases that differ from the base model's, and how many numbers they have. */
  readonly layers: number;
  readonly parameters: number;
  readonly bytes: number;
}

/**
 * Describes a concept file; needs no model, and so does not compare the tensors with one.
 * @throws StudioError "invalid-input" where it is no concept file of a version that the studio reads
 */
export function describeConcept(bytes: Uint8Array): ConceptSummary {
  const { version, header, tensors } = readHeader(bytes);
  const rows = new Set(
    header.tokens.flatMap(({ token }) => [rowName(token), initialRowName(token)]),
  );
  const layers = [...tensors].filter(([name]) => !rows.has(name));
  return {
    ...header,
    version: version === "1" ? 1 : 2,
    layers: version === "1" ? layers.length : Math.ceil(layers.length / 2),
    parameters: layers.reduce((sum, [, { dims }]) => sum + elementCount(dims), 0),
    bytes: bytes.byteLength,
  };
}

/** The trained tensors of a mode in their flat vectors; a vector of length 0 was not trained. */
function tensorsOf(train: TrainMode, layout: ConceptLayout) {
  const { columns, textWidth } = layout.kv;
  const kv =
    train === "token"
      ? { kv: [], kvLength: 0 }
      : { kv: kvTensors(layout), kvLength: textWidth * columns };
  if (train !== "crossattn") return { ...kv, queryOut: [], queryOutLength: 0 };
  if (layout.queryOut === undefined) {
    throw new StudioError(
      "internal",
      "A concept of the face mode needs the UNet with its query and output projections exposed.",
    );
  }
  const { length } = layout.queryOut;
  return {
    ...kv,
    queryOut: queryOutTensors(layout.queryOut, layout.names),
    queryOutLength: length,
  };
}

function checkBaseModel(made: BaseModel, open: BaseModel): void {
  if (made.fingerprint === open.fingerprint) return;
  const name = JSON.stringify(made.id.slice(0, 100));
  throw new StudioError(
    "invalid-input",
    made.id === open.id
      ? `This concept was trained on another version of ${name} than the one that is open (fingerprint ${short(made.fingerprint)}, not ${short(open.fingerprint)}); open that version, or train the concept again.`
      : `This concept was trained on the model ${name}, and ${JSON.stringify(open.id)} is open; open ${name}, or train the concept again on this model.`,
  );
}

function short(fingerprint: string): string {
  return JSON.stringify(fingerprint.slice(0, 12));
}

function valuesOf(
  tensors: Safetensors["tensors"],
  name: string,
  dtype: DType,
  dims: readonly number[],
): Float32Array {
  const entry = tensors.get(name);
  if (entry === undefined) throw damaged(`"${name}" is missing`);
  if (entry.dtype !== dtype || !sameDims(entry.dims, dims)) {
    throw damaged(
      `"${name}" is ${entry.dtype} [${entry.dims.join(", ")}] where ${dtype} [${dims.join(", ")}] was expected`,
    );
  }
  const values = float32Values(entry);
  if (!values.every(Number.isFinite)) throw damaged(`"${name}" has numbers that are not finite`);
  return values;
}

function misfit(): StudioError {
  return new StudioError("internal", "The concept's arrays do not fit its mode and its model.");
}

function unstorable(name: string, value: number): StudioError {
  return new StudioError(
    "invalid-input",
    `The concept cannot be saved: "${name}" contains ${value}, which the file cannot hold; train again with a smaller learning rate.`,
  );
}
