/** @file Makes a concept of the open model out of what files of other tools hold: weights, tokens, or both. */
import { expandFactors } from "../compress/compress.ts";
import { type Concept, type ModifierToken, type TrainMode } from "../concept/concept.ts";
import { gatherTensor, scatterTensor } from "../concept/layer-tensors.ts";
import { checkCategory, checkModifierTokens } from "../text/modifier-tokens.ts";
import { checkFit, checkRow } from "./check-fit.ts";
import { type ExchangeBase, type Place, placesOf } from "./exchange-base.ts";
import type { Exchanged, ExchangedWeight } from "./exchanged.ts";
import { quoted, refusal } from "./refuse.ts";

/**
 * ‖W - W0‖ / ‖W0‖ over all layers, beyond which whole weights are taken for another model's. 200 steps of the
 * studio's defaults come to 0.11, while unrelated weights of equal size are √2 = 1.4 apart.
 */
const FARTHEST_CONCEPT = 0.5;

export interface ImportOptions {
  /** What kind of thing each token names, "bear": files of other tools do not say. */
  readonly categories: ReadonlyMap<string, string>;
  /** The embedding row [E] that a token of this category is reset to, as that of the category's word. */
  readonly initialRow: (category: string) => Float32Array;
}

/**
 * Whole weights become differences to the open model's. Several files may be one concept's: weights, and tokens.
 * @throws StudioError "invalid-input" where a file is for another model, lacks layers or has strange ones, goes
 *   farther than any training, gives something twice, or a token has no category
 */
export function conceptFromExchanged(
  files: readonly Exchanged[],
  base: ExchangeBase,
  { categories, initialRow }: ImportOptions,
): Concept {
  const weights = union(files.map((file) => file.weights));
  const rows = union(files.map((file) => file.tokens));
  const face = [...weights.keys()].some((name) => /\.to_(?:q|out)\./.test(name));
  checkModifierTokens([...rows.keys()]);
  const tokens = [...rows].map(([token, row]): ModifierToken => {
    const category = categories.get(token);
    if (category === undefined) throw refusal(`Say what ${token} is, in a word like "bear".`);
    checkCategory(null, category);
    checkRow(row, base);
    return { token, category, row, initialRow: initialRow(category) };
  });
  const { kv, queryOut } = differences(weights, base, face);
  return {
    baseModel: base.baseModel,
    train: modeOf(weights.size > 0, rows.size > 0, face),
    tokens,
    kvDifference: kv,
    queryOutDifference: queryOut,
    settings: { imported: files.map(({ format }) => format) },
    metrics: {},
  };
}

/** Several files' entries; no two may be of one name. */
function union<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  const all = new Map<string, T>();
  for (const [name, value] of maps.flatMap((map) => [...map])) {
    if (all.has(name)) throw refusal(`Two of these files have ${quoted(name)}; leave one out.`);
    all.set(name, value);
  }
  return all;
}

function modeOf(weights: boolean, tokens: boolean, face: boolean): TrainMode {
  if (face) {
    if (tokens) return "crossattn";
    throw refusal("This is a file of face mode, which needs its tokens too: choose both files.");
  }
  if (weights) return tokens ? "kv+token" : "kv";
  if (tokens) return "token";
  throw refusal("These files have neither weights nor tokens; choose others.");
}

function differences(weights: Exchanged["weights"], base: ExchangeBase, face: boolean) {
  if (weights.size === 0) return { kv: null, queryOut: null };
  const { layout } = base;
  if (face && layout.queryOut === undefined) throw noFaceMode();
  const places = placesOf(base, face);
  checkFit(weights, places, base);
  const kv = new Float32Array(base.kvWeights.length);
  const queryOut = face ? new Float32Array(layout.queryOut!.length) : null;
  const moved = { square: 0, of: 0 };
  for (const place of places) {
    const weight = weights.get(place.tensor.name);
    if (weight === undefined) continue;
    const difference = differenceOf(weight, place, moved);
    if (!difference.every(Number.isFinite)) {
      throw refusal(`"${place.tensor.name}" becomes infinite; choose an undamaged file.`);
    }
    scatterTensor(difference, place.tensor, place.part === "kv" ? kv : queryOut!);
  }
  const far = Math.sqrt(moved.square / moved.of);
  if (far > FARTHEST_CONCEPT) {
    throw refusal(
      `These weights are ${far.toFixed(2)} times their own size away from those of ${JSON.stringify(base.baseModel.id)}, and training moves them by about 0.1, never by ${FARTHEST_CONCEPT}: they were trained on another model; open that one.`,
    );
  }
  return { kv, queryOut };
}

/** W - W0 in PyTorch's order; of whole weights, adds up how far they have moved. */
function differenceOf(
  weight: ExchangedWeight,
  { tensor, frozen }: Place,
  moved: { square: number; of: number },
): Float32Array {
  if (weight.kind === "factors") return expandFactors(weight);
  if (weight.kind === "difference") return weight.values;
  if (frozen === undefined) throw noFaceMode();
  const before = gatherTensor(frozen, tensor);
  const difference = weight.values.map((value, i) => value - before[i]!);
  for (let i = 0; i < before.length; i++) {
    moved.square += difference[i]! ** 2;
    moved.of += before[i]! ** 2;
  }
  return difference;
}

function noFaceMode() {
  return refusal(
    "This file is of face mode: it also changes query and output projections, which this import does not take; train it with crossattn_kv.",
  );
}
