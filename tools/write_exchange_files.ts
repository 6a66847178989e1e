/** @file Writes the concept of tests/reference/exchange in every format, for tools/check_exchange.py: FOLDER → files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  BASE,
  CONCEPT,
  downOf,
  PARAMETERS,
  RANK,
  upOf,
} from "../src/core/exchange/exchange.test-support.ts";
import { writeCompvis } from "../src/core/exchange/format-compvis.ts";
import { writeDelta } from "../src/core/exchange/format-delta.ts";
import {
  writeDiffusersBin,
  writeDiffusersSafetensors,
} from "../src/core/exchange/format-diffusers.ts";
import {
  writeEmbeddingBin,
  writeEmbeddingSafetensors,
} from "../src/core/exchange/format-embedding.ts";
import { writeLora } from "../src/core/exchange/format-lora.ts";
import { writeWebui } from "../src/core/exchange/format-webui.ts";
import { exchangedFromConcept } from "../src/core/exchange/to-exchanged.ts";
import { writeTorchArchive } from "../src/core/exchange/torch-archive-write.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("say which folder to write to");
mkdirSync(folder, { recursive: true });

const full = exchangedFromConcept(CONCEPT, BASE, { kind: "full" });
const difference = exchangedFromConcept(CONCEPT, BASE, { kind: "difference" });
// The factors that Python knows too, in the order in which parameters are asked for.
const names = PARAMETERS.values();
const factors = exchangedFromConcept(CONCEPT, BASE, {
  kind: "factors",
  factorise: () => {
    const name = names.next().value ?? "";
    return { up: upOf(name), down: downOf(name), rank: RANK };
  },
});
const first = new Map([...full.tokens].slice(0, 1));
const values = Float32Array.of(0.1, -0, 65504, 1e-8, -2, 3);

const files: Record<string, Uint8Array> = {
  "diffusers.safetensors": writeDiffusersSafetensors(full),
  "diffusers.bin": writeDiffusersBin(full),
  "delta.bin": writeDelta(full),
  "delta-compressed.bin": writeDelta(factors),
  "delta.ckpt": writeCompvis(full, 2),
  "delta-compressed.ckpt": writeCompvis(factors, 2),
  "webui.safetensors": writeWebui(difference, 2),
  "webui-factors.safetensors": writeWebui(factors, 2),
  "new1.bin": writeEmbeddingBin(first),
  "new1.safetensors": writeEmbeddingSafetensors(first),
  "kohya-lora.safetensors": writeLora(factors),
  "kinds.pt": writeTorchArchive(
    new Map<string, Parameters<typeof writeTorchArchive>[0]>([
      ["float32", { dtype: "float32", dims: [2, 3], values }],
      ["float16", { dtype: "float16", dims: [3, 2], values }],
      ["nothing", { dtype: "float32", dims: [0, 3], values: new Float32Array() }],
      ["scalar", { dtype: "float32", dims: [], values: Float32Array.of(7) }],
      [
        "plain",
        new Map<string, string | number>([
          ["text", "Bär 🧸"],
          ["int", -3],
          ["float", 2.5],
        ]),
      ],
    ]),
  ),
};
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
