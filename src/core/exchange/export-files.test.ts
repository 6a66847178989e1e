/** @file Exported files: which ones each format has, that they read back as they were, at any strength and without weights. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import type { Concept } from "../concept/concept.ts";
import { readExchange } from "./detect.ts";
import { BASE, CONCEPT } from "./exchange.test-support.ts";
import {
  EXPORT_TARGETS,
  type ExportedFiles,
  exportFiles,
  type ExportTarget,
  SINGLE_FILES,
} from "./export-files.ts";
import { conceptFromExchanged } from "./from-exchanged.ts";

const topology = {
  downBlocks: ["CrossAttnDownBlock2D", "DownBlock2D"],
  upBlocks: ["UpBlock2D", "CrossAttnUpBlock2D"],
  layersPerBlock: 2,
};

const exported = (to: ExportTarget, concept = CONCEPT, strength = 1): Promise<ExportedFiles> =>
  exportFiles(to, concept, BASE, { keep: 1, strength, topology });

function readBack(files: ExportedFiles): Concept {
  const read = [...files].map(([name, bytes]) => readExchange(bytes, name));
  const categories = new Map(CONCEPT.tokens.map(({ token, category }) => [token, category]));
  return conceptFromExchanged(read, BASE, { categories, initialRow: () => new Float32Array(4) });
}

describe("exportFiles", () => {
  it("names files as other tools look for them", async () => {
    const names = async (to: ExportTarget): Promise<string[]> => [...(await exported(to)).keys()];
    expect(await names("diffusers")).toEqual([
      "pytorch_custom_diffusion_weights.safetensors",
      "<new1>.safetensors",
      "<new2>.safetensors",
    ]);
    expect(await names("diffusers-bin")).toEqual([
      "pytorch_custom_diffusion_weights.bin",
      "<new1>.bin",
      "<new2>.bin",
    ]);
    for (const to of EXPORT_TARGETS) {
      expect((await names(to)).length === 1).toBe(SINGLE_FILES.has(to));
    }
  });

  it.each(EXPORT_TARGETS)(
    "as %s reads back at half strength, the words as they were",
    async (to) => {
      const back = readBack(await exported(to, CONCEPT, 0.5));
      const half = CONCEPT.kvDifference!.map((x) => x / 2);
      expect(relativeL2(back.kvDifference!, half)).toBeLessThan(2 ** -10);
      expect(back.tokens.map(({ row }) => row)).toEqual(CONCEPT.tokens.map(({ row }) => row));
    },
  );

  it("of words alone has no weights, and refuses a strength that is no number", async () => {
    const words: Concept = { ...CONCEPT, train: "token", kvDifference: null };
    expect([...(await exported("lora", words)).keys()]).toEqual([
      "<new1>.safetensors",
      "<new2>.safetensors",
    ]);
    expect(readBack(await exported("delta-bin", words))).toMatchObject({ train: "token" });
    await expect(exported("diffusers", CONCEPT, NaN)).rejects.toThrow(/strength must be a number/);
  });

  it("can be stopped while factors are found", async () => {
    const signal = { aborted: true };
    const stopped = exportFiles("lora", CONCEPT, BASE, { keep: 1, topology, signal });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  });
});
