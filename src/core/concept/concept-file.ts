/**
 * @file Concept files, version 1 (`.concept.safetensors`): differences in float16 under diffusers' names and in
 * PyTorch's orientation [out, in], token rows in float32, everything else as metadata.
 */
import { StudioError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { elementCount, sameDims } from "../tensor/shape.ts";
import type { Safetensors, SafetensorsEntry } from "../tensor/safetensors.ts";
import { float16Entry, float32Entry, float32Values } from "../tensor/safetensors-values.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import type { BaseModel, Concept, TrainMode } from "./concept.ts";
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
      const values = gatherTensor(flat, tensor);
      const bad = values.find((x) => !(Math.abs(x) <= HALF_MAX));
      if (bad !== undefined) throw unstorable(tensor.name, bad);
      entries.set(tensor.name, float16Entry(tensor.dims, values));
    }
  };
  add(concept.kvDifference, places.kvLength, places.kv);
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
  return writeSafetensors(entries, writeHeader(concept));
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
  const { header, tensors } = readHeader(bytes);
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
  const concept: Concept = {
    ...header,
    kvDifference: flat(places.kvLength, places.kv),
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

/** What `inspect` shows of a concept. */
export interface ConceptSummary extends ConceptHeader {
  readonly version: 1;
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
  const { header, tensors } = readHeader(bytes);
  const rows = new Set(
    header.tokens.flatMap(({ token }) => [rowName(token), initialRowName(token)]),
  );
  const layers = [...tensors].filter(([name]) => !rows.has(name));
  return {
    ...header,
    version: 1,
    layers: layers.length,
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
