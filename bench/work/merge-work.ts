/** @file Merging made-up concepts, of which each changes every projection a little. */
import type { Concept } from "../../src/core/concept/concept.ts";
import { StudioError } from "../../src/core/errors.ts";
import { normal } from "../../src/core/random/normal.ts";
import { mergeConcepts } from "../../src/engine/merge/merge-concepts.ts";
import { broughtGram, mergeCaptions } from "../../src/engine/merge/regularisation.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import type { OpenedWork } from "./own-work.ts";
import { CATEGORIES } from "./samples.ts";

export async function mergeWork(
  model: Model,
  runtime: Runtime,
  count: number,
): Promise<OpenedWork> {
  const gram = await broughtGram(model, await mergeCaptions(model, () => Promise.resolve("")));
  if (gram === null) throw new StudioError("internal", "The default model brings no Gram matrix.");
  const concepts = CATEGORIES.slice(0, count).map((category, i) => ({
    concept: someConcept(model, `<new${i + 1}>`, category, i + 1),
    strength: 1,
  }));
  return {
    run: () => mergeConcepts(model, runtime, concepts, gram),
    release: () => Promise.resolve(),
  };
}

function someConcept(model: Model, token: string, category: string, seed: number): Concept {
  const width = model.config.textWidth;
  const row = (of: number): Float32Array => normal(of, width).map((x) => 0.02 * x);
  return {
    baseModel: { id: model.id, fingerprint: model.fingerprint },
    train: "kv+token",
    tokens: [{ token, category, row: row(seed), initialRow: row(seed + 100) }],
    kvDifference: normal(seed, model.kvWeights.length).map((x) => 0.001 * x),
    queryOutDifference: null,
    settings: {},
    metrics: {},
  };
}
