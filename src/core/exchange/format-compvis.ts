/**
 * @file The original's `delta_epoch=….ckpt` for CompVis' code: {'state_dict': {name: W, 'embed': rows [n, E]}}; the
 * compressed form has {'u', 'v'} in place of W. Tokens have no names in it.
 */
import type { Exchanged, ExchangedContent, ExchangedWeight } from "./exchanged.ts";
import { deltaWeight } from "./format-delta.ts";
import { fromCompvisName, toCompvisName } from "./parameter-names.ts";
import type { PickleValue } from "./pickle-values.ts";
import type { TorchValue } from "./pickle-write.ts";
import { readDeltaWeight, refuseOthers } from "./read-weights.ts";
import { damagedFile, refusal } from "./refuse.ts";
import { dictAt, named, type SourceFile } from "./source-file.ts";
import { isTensor, type ValueReader } from "./source-tensor.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { torchTensor } from "./write-weights.ts";

const STATE = "state_dict";
const EMBED = "embed";

/** @param layersPerBlock as unet/config.json says, for the names */
export function readCompvis({ root, reader }: SourceFile, layersPerBlock: number): Exchanged {
  const weights = new Map<string, ExchangedWeight>();
  const others: string[] = [];
  let tokens = new Map<string, Float32Array>();
  for (const [key, value] of named(dictAt(root, STATE))) {
    const name = fromCompvisName(key, layersPerBlock);
    if (key === EMBED) tokens = readEmbed(reader, value);
    else if (name === null) others.push(key);
    else weights.set(name, readDeltaWeight(reader, key, value));
  }
  refuseOthers(others);
  return { format: "compvis", weights, tokens };
}

/** @throws StudioError "invalid-input" where a weight is a plain difference */
export function writeCompvis(
  { weights, tokens }: ExchangedContent,
  layersPerBlock: number,
): Uint8Array<ArrayBuffer> {
  const state = new Map<string, TorchValue>();
  for (const [name, weight] of weights) {
    state.set(toCompvisName(name, layersPerBlock) ?? name, deltaWeight(name, weight));
  }
  const rows = [...tokens.values()];
  if (rows.length > 0) {
    const width = rows[0]!.length;
    const values = new Float32Array(rows.length * width);
    rows.forEach((row, i) => values.set(row, i * width));
    state.set(EMBED, torchTensor([rows.length, width], values));
  }
  return writeTorchArchive(new Map([[STATE, state]]));
}

/** Rows in the order of the tokens, which are named by their place. */
function readEmbed(reader: ValueReader, value: PickleValue): Map<string, Float32Array> {
  if (!isTensor(value) || value.dims.length !== 2) {
    throw damagedFile(`"${EMBED}" is not a table of rows`);
  }
  const [count, width] = value.dims as [number, number];
  if (count > MAX_ROWS) {
    throw refusal(
      `This file has ${count} token rows, which is a whole vocabulary; save only the new tokens' rows, as get_deltas.py does.`,
    );
  }
  const values = reader.values(EMBED, value);
  return new Map(
    Array.from({ length: count }, (_, row) => [
      `<new${row + 1}>`,
      values.slice(row * width, (row + 1) * width),
    ]),
  );
}

/** More new tokens than anyone trains at once. */
const MAX_ROWS = 64;
