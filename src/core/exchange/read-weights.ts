/** @file Parameters and token rows out of an opened file, with their shapes checked. */
import { checkModifierToken } from "../text/modifier-tokens.ts";
import type { ExchangedWeight, FactoredWeight, WeightDims } from "./exchanged.ts";
import { isDict, kindOf, type PickleValue } from "./pickle-values.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { isTensor, type SourceTensor, type ValueReader } from "./source-tensor.ts";

/** A matrix [out, in], or a bias [out]. */
export function readWhole(
  reader: ValueReader,
  kind: "full" | "difference",
  name: string,
  value: PickleValue | undefined,
): ExchangedWeight {
  const tensor = tensorOf(name, value);
  const { dims } = tensor;
  if (!isWeightDims(dims)) {
    throw damagedFile(`${quoted(name)} has the shape [${dims.join(", ")}], which no weight has`);
  }
  return { kind, dims, values: reader.values(name, tensor) };
}

/** up [out, rank] and down [rank, in]. */
export function readFactors(
  reader: ValueReader,
  name: string,
  upValue: PickleValue | undefined,
  downValue: PickleValue | undefined,
): FactoredWeight {
  const [up, down] = [tensorOf(name, upValue), tensorOf(name, downValue)];
  const [out, rank] = up.dims;
  const [downRank, width] = down.dims;
  if (up.dims.length !== 2 || down.dims.length !== 2 || rank !== downRank) {
    throw damagedFile(
      `the factors of ${quoted(name)} have the shapes [${up.dims.join(", ")}] and [${down.dims.join(", ")}], which do not fit each other`,
    );
  }
  return {
    kind: "factors",
    dims: [out!, width!],
    up: reader.values(name, up),
    down: reader.values(name, down),
    rank: rank!,
  };
}

/** A weight of the original's files: whole, or {'u', 'v'} where compressed. */
export function readDeltaWeight(
  reader: ValueReader,
  name: string,
  value: PickleValue,
): ExchangedWeight {
  return isDict(value)
    ? readFactors(reader, name, value.get("u"), value.get("v"))
    : readWhole(reader, "full", name, value);
}

/** A token's row: [E], or [1, E]. */
export function readRow(reader: ValueReader, token: string, value: PickleValue): Float32Array {
  checkModifierToken(token);
  if (Array.isArray(value)) {
    throw refusal(
      `The token ${quoted(token)} has rows for several text encoders, as SDXL has, which the studio does not run; choose a concept of Stable Diffusion 1.x or 2.x.`,
    );
  }
  const tensor = tensorOf(token, value);
  const { dims } = tensor;
  const rows = dims.length === 2 ? dims[0]! : 1;
  if (dims.length < 1 || dims.length > 2 || rows !== 1) {
    throw refusal(
      rows > 1
        ? `The token ${quoted(token)} stands for ${rows} rows at once, and a word of the studio has one; choose an embedding with a single vector.`
        : `The row of ${quoted(token)} has the shape [${dims.join(", ")}], where [width] was expected; choose another file.`,
    );
  }
  return reader.values(token, tensor);
}

/**
 * Refuses a file that changes more than cross-attention's projections.
 * @param others names of what else it changes
 */
export function refuseOthers(others: readonly string[]): void {
  const [first] = others;
  if (first === undefined) return;
  const [count, noun] = [others.length, others.length === 1 ? "layer" : "layers"];
  throw refusal(
    `This file also changes ${count} other ${noun}, like ${quoted(first)}, and a concept of the studio only cross-attention's projections (attn2); choose a file that was trained as Custom Diffusion is.`,
  );
}

function tensorOf(name: string, value: PickleValue | undefined): SourceTensor {
  if (value === undefined) throw damagedFile(`a part of ${quoted(name)} is missing`);
  if (!isTensor(value)) throw damagedFile(`${quoted(name)} is ${kindOf(value)}, not a tensor`);
  return value;
}

function isWeightDims(dims: readonly number[]): dims is WeightDims {
  return dims.length === 1 || dims.length === 2;
}
