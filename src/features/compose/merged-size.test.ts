/** @file The size that is said beforehand, beside that of a file which is written. */
import { expect, it } from "vitest";
import { encodeConcept } from "../../core/concept/concept-file.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { crossAttentionNames } from "../../core/concept/layer-names.ts";
import { mergedFileBytes } from "./merged-size.ts";

const NAMES = crossAttentionNames({
  downBlocks: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "Down"],
  upBlocks: ["Up", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  layersPerBlock: 2,
});

it.each([
  [16, 12],
  [256, 96],
])("at text width %d and %d channels is right within one percent", (textWidth, width) => {
  const parts = NAMES.flatMap((_, block) =>
    (["key", "value"] as const).map((role, i) => ({
      block,
      role,
      offset: (2 * block + i) * width,
      width,
    })),
  );
  const columns = parts.length * width;
  const words = [
    { token: "<new1>", category: "cat" },
    { token: "<new2>", category: "dog" },
  ];
  const row = new Float32Array(textWidth);
  const merged: Concept = {
    baseModel: { id: "toybox-256", fingerprint: "0".repeat(64) },
    train: "kv+token",
    tokens: words.map((word) => ({ ...word, row, initialRow: row })),
    kvDifference: new Float32Array(textWidth * columns),
    queryOutDifference: null,
    settings: {
      method: "merge",
      concepts: words.map(({ token, category }) => ({ tokens: [token], category, strength: 1 })),
    },
    metrics: {
      rows: 212,
      contextRows: 12_345,
      residual: 1.2345678901234567e-7,
      drift: 0.12345678901234567,
      smallestSine: 0.01234567890123456,
    },
  };
  const { byteLength } = encodeConcept(merged, { names: NAMES, kv: { textWidth, columns, parts } });
  const said = mergedFileBytes(
    { kvParameters: textWidth * columns, crossAttentionBlocks: NAMES.length, textWidth },
    [{ tokens: words.slice(0, 1) }, { tokens: words.slice(1) }],
  );
  expect(Math.abs(said - byteLength) / byteLength).toBeLessThan(0.01);
});
