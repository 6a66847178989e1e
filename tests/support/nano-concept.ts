/** @file Concepts of the nano model that nobody trained: seeded differences and rows, large enough to be seen. */
import type { Concept } from "../../src/core/concept/concept.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import { normals } from "./seeded.ts";

/** A concept of one word, told by its name. */
export function nanoConcept(model: Model, token: string, category: string): Concept {
  const { kvWeights, config, embeddings } = model;
  const width = config.textWidth;
  const initialRow = embeddings.slice(width, 2 * width);
  const noise = normals(5, `row of ${token}`, width);
  const size = Math.sqrt(initialRow.reduce((sum, x) => sum + x * x, 0) / width);
  return {
    baseModel: { id: model.id, fingerprint: model.fingerprint },
    train: "kv+token",
    tokens: [{ token, category, initialRow, row: initialRow.map((x, i) => x + size * noise[i]!) }],
    kvDifference: normals(5, `difference of ${token}`, kvWeights.length).map((x) => 0.1 * x),
    queryOutDifference: null,
    settings: { steps: 0 },
    metrics: {},
  };
}
