/** @file Whether imported weights are of the open model's layers: all of them, no others, of the same shapes. */
import { sameDims } from "../tensor/shape.ts";
import type { ExchangeBase, Place } from "./exchange-base.ts";
import type { Exchanged, ExchangedWeight } from "./exchanged.ts";
import { refusal } from "./refuse.ts";

type Weights = Exchanged["weights"];

/** @throws StudioError "invalid-input" saying which model the file seems to be for, and which is open */
export function checkFit(
  weights: Weights,
  places: readonly Place[],
  { baseModel, layout }: ExchangeBase,
): void {
  const open = JSON.stringify(baseModel.id);
  const width = textWidthOf(weights);
  if (width !== null && width !== layout.kv.textWidth) throw otherWidth(width, layout, open);
  const known = new Set(places.map(({ tensor }) => tensor.name));
  const stranger = [...weights.keys()].find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw refusal(
      `This file changes "${stranger}", which ${open} does not have; open the model that it was trained on.`,
    );
  }
  const missing = places.filter(
    ({ tensor }) => !weights.has(tensor.name) && !mayBeMissing(tensor.dims, weights),
  );
  if (missing.length > 0) {
    throw refusal(
      `This file lacks ${missing.length} of the ${places.length} weights that ${open} has, like "${missing[0]!.tensor.name}"; choose a whole file, or open the model that it was trained on.`,
    );
  }
  for (const { tensor } of places) {
    const dims = weights.get(tensor.name)?.dims ?? tensor.dims;
    if (!sameDims(dims, tensor.dims)) {
      throw refusal(
        `"${tensor.name}" is [${dims.join(", ")}] in this file and [${tensor.dims.join(", ")}] in ${open}; open the model that it was trained on.`,
      );
    }
  }
}

/** @throws StudioError "invalid-input" where the row is of another text encoder's width */
export function checkRow(row: Float32Array, { baseModel, layout }: ExchangeBase): void {
  if (row.length !== layout.kv.textWidth) {
    throw otherWidth(row.length, layout, JSON.stringify(baseModel.id));
  }
}

/** Width E of the text features that the file's layers read. */
function textWidthOf(weights: Weights): number | null {
  for (const [name, { dims }] of weights) {
    if (/\.to_[kv]\.weight$/.test(name)) return dims[1] ?? null;
  }
  return null;
}

/** Of face mode, what says differences only may leave out the biases. */
function mayBeMissing(dims: readonly number[], weights: Weights): boolean {
  const saysDifferences = ({ kind }: ExchangedWeight): boolean => kind !== "full";
  return dims.length === 1 && [...weights.values()].every(saysDifferences);
}

function otherWidth(width: number, layout: ExchangeBase["layout"], open: string) {
  return refusal(
    `This file was made for a model with text width ${width}, and ${open} has ${layout.kv.textWidth}; open the model that it was trained on.`,
  );
}
