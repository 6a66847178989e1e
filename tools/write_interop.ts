/**
 * @file `npx tsx tools/write_interop.ts CONCEPT FOLDER`: a concept of the default model as diffusers and others load it,
 * and what the studio itself makes of it, for tools/check_interop.py: keys and values of a prompt, and an image's latents.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { decodeConcept } from "../src/core/concept/concept-file.ts";
import { crossAttentionNames } from "../src/core/concept/layer-names.ts";
import { exportFiles } from "../src/core/exchange/export-files.ts";
import { normal } from "../src/core/random/normal.ts";
import { float32Entry } from "../src/core/tensor/safetensors-values.ts";
import { writeSafetensors } from "../src/core/tensor/safetensors-write.ts";
import { CLIP_TOKENS } from "../src/core/text/clip-tokenizer.ts";
import { conceptLayout } from "../src/engine/model/concept-layout.ts";
import { readModel } from "../src/engine/model/read-model.ts";
import { openTextFeatures } from "../src/engine/model/text.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import { applyConcept } from "../src/engine/sample/apply-concept.ts";
import { Pipeline } from "../src/engine/sample/pipeline.ts";
import { folderFiles } from "../src/hub/folder-files.ts";

const [file, folder] = process.argv.slice(2);
if (file === undefined || folder === undefined) throw new Error("name a concept file and a folder");
const SEED = 1;
const SAMPLING = { sampler: "ddim", steps: 10, guidance: 4.5, eta: 0, batch: 1 } as const;

const model = await readModel("toybox-256", folderFiles("public/models/toybox-256"));
const runtime = nodeRuntime(2);
const concept = decodeConcept(readFileSync(file), conceptLayout(model), model);
const base = {
  baseModel: { id: model.id, fingerprint: model.fingerprint },
  layout: conceptLayout(model),
  kvWeights: model.kvWeights,
};
for (const to of ["diffusers", "diffusers-bin", "lora"] as const) {
  const { topology } = model.config;
  mkdirSync(path.join(folder, to), { recursive: true });
  for (const [name, bytes] of await exportFiles(to, concept, base, { keep: 1, topology })) {
    writeFileSync(path.join(folder, to, name), bytes);
  }
}

const things = concept.tokens.map(({ token, category }) => `a ${token} ${category}`);
const prompt = `photo of ${things.join(" and ")} on the road`;
const { tokenizer, rows, projections } = await applyConcept(model, runtime, concept, 1);
const text = await openTextFeatures(model, runtime);
const features = await text.encode(tokenizer.encode(prompt).ids, rows);
const kv = await projections.projectKv(features);
if (!("data" in kv)) throw new Error("keys and values are on a GPU");
const names = crossAttentionNames(model.config.topology);
const { columns, parts } = model.unet.kv;
const tensors = new Map([
  [
    "features",
    float32Entry([CLIP_TOKENS, model.config.textWidth], Float32Array.from(features.data)),
  ],
]);
for (const { block, role, offset, width } of parts) {
  const values = new Float32Array(CLIP_TOKENS * width);
  for (let row = 0; row < CLIP_TOKENS; row++) {
    const from = row * columns + offset;
    values.set(kv.data.subarray(from, from + width), row * width);
  }
  tensors.set(`${names[block] ?? ""}.${role}`, float32Entry([CLIP_TOKENS, width], values));
}
const pipeline = await Pipeline.open(model, runtime);
await pipeline.use(concept);
const request = { ...SAMPLING, prompt, negativePrompt: "", seeds: [SEED] };
const [image] = await pipeline.generate(request);
const [, ...dims] = model.unet.latents;
const size = dims.reduce((product, x) => product * x, 1);
tensors.set("noise", float32Entry(dims, normal(SEED, size)));
tensors.set("latents", float32Entry(dims, image?.latents ?? new Float32Array(size)));
const notes = { prompt, steps: String(SAMPLING.steps), guidance: String(SAMPLING.guidance) };
writeFileSync(
  path.join(folder, "ours.safetensors"),
  writeSafetensors(tensors, new Map(Object.entries(notes))),
);
