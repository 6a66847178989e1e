/** @file Checkpoints of a training run: all it needs to go on bit for bit, with a checksum over everything. */
import { StudioError } from "../../core/errors.ts";
import { float32Entry, float32Values } from "../../core/tensor/safetensors-values.ts";
import {
  readSafetensors,
  type Safetensors,
  type SafetensorsEntry,
} from "../../core/tensor/safetensors.ts";
import { writeSafetensors } from "../../core/tensor/safetensors-write.ts";
import { sha256 } from "../../hub/sha256.ts";
import type { OptimiserState } from "./arithmetic.ts";

export interface Checkpoint {
  /** Of the base model. */
  readonly fingerprint: string;
  /** Settings of the run, as JSON values: it goes on with these only. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: OptimiserState;
  /** Loss of the photos and of the regularisation images of each step so far [n, 2]. */
  readonly history: Float32Array;
}

const FORMAT = "custom-diffusion-studio.checkpoint";
const VERSION = "1";
const CHECKSUM = "sha256";

/** A safetensors file: values, m and v [P], history [n, 2], all float32, and the rest as metadata. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array<ArrayBuffer>> {
  const { fingerprint, history, settings, state } = checkpoint;
  const { values, m, v, ...counters } = state;
  const tensors = new Map([
    ["values", float32Entry([values.length], values)],
    ["m", float32Entry([m.length], m)],
    ["v", float32Entry([v.length], v)],
    ["history", float32Entry([history.length / 2, 2], history)],
  ]);
  const { step, lossScale, goodSteps, skipped } = counters;
  const metadata = new Map([
    ["format", FORMAT],
    ["version", VERSION],
    ["fingerprint", fingerprint],
    ["settings", JSON.stringify(settings)],
    ["counters", JSON.stringify({ step, lossScale, goodSteps, skipped })],
  ]);
  metadata.set(CHECKSUM, await checksum({ metadata, tensors }));
  return writeSafetensors(tensors, metadata);
}

/** @throws StudioError "invalid-input" where it is no checkpoint, of another version, or not as it was written */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  const file = readFile(bytes);
  const { metadata, tensors } = file;
  if (metadata.get("format") !== FORMAT) {
    throw new StudioError(
      "invalid-input",
      "This safetensors file is not a checkpoint of a training run; choose one that the studio wrote.",
    );
  }
  const version = metadata.get("version");
  if (version !== VERSION) {
    throw new StudioError(
      "invalid-input",
      `This checkpoint has version ${JSON.stringify(version ?? "")}, and this studio reads version ${VERSION}; update the studio, or start the training again.`,
    );
  }
  if (metadata.get(CHECKSUM) !== (await checksum(file))) throw damaged();
  const [values, m, v] = ["values", "m", "v"].map((name) => vector(tensors.get(name)));
  const history = tensors.get("history");
  const fingerprint = metadata.get("fingerprint");
  const settings = json(metadata.get("settings"));
  const counters = json(metadata.get("counters"));
  if (
    tensors.size !== 4 ||
    !(values && m && v) ||
    m.length !== values.length ||
    v.length !== values.length ||
    history?.dtype !== "float32" ||
    history.dims.length !== 2 ||
    history.dims[1] !== 2 ||
    fingerprint === undefined ||
    !isRecord(settings) ||
    !isRecord(counters)
  ) {
    throw damaged();
  }
  const { step, lossScale, goodSteps, skipped } = counters;
  if (!isCount(step) || !isCount(goodSteps) || !isCount(skipped) || !isScale(lossScale)) {
    throw damaged();
  }
  return {
    fingerprint,
    settings,
    state: { values, m, v, step, lossScale, goodSteps, skipped },
    history: float32Values(history),
  };
}

function readFile(bytes: Uint8Array): Safetensors {
  try {
    return readSafetensors(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): StudioError {
  return new StudioError(
    "invalid-input",
    "This checkpoint is damaged or cut short; choose an earlier one, or start the training again.",
    { cause },
  );
}

/** SHA-256 over a listing of all metadata but itself, and of each tensor with the SHA-256 of its bytes. */
async function checksum({ metadata, tensors }: Safetensors): Promise<string> {
  const listed = [...tensors].sort(byName).map(async ([name, { dtype, dims, bytes }]) => {
    return [name, dtype, dims, await sha256(bytes)];
  });
  const rest = [...metadata].filter(([key]) => key !== CHECKSUM).sort(byName);
  const listing = JSON.stringify([rest, await Promise.all(listed)]);
  return sha256(new TextEncoder().encode(listing));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function vector(entry: SafetensorsEntry | undefined): Float32Array | null {
  return entry?.dtype === "float32" && entry.dims.length === 1 ? float32Values(entry) : null;
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isScale(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < Infinity;
}
