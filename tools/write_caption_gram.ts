/**
 * @file `npx tsx tools/write_caption_gram.ts [MODEL FOLDER]`: what the captions beside a model say of its text features,
 * as a file beside them. Computed by the engine on WebAssembly.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { captionsDigest, encodeGram } from "../src/engine/merge/gram-file.ts";
import { mergeCaptions, regularisationGram } from "../src/engine/merge/regularisation.ts";
import { readModel } from "../src/engine/model/read-model.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import { folderFiles } from "../src/hub/folder-files.ts";

const folder = process.argv[2] ?? "public/models/toybox-256";
const model = await readModel(path.basename(folder), folderFiles(folder));
const captions = await mergeCaptions(model, () =>
  Promise.reject(new Error(`${folder} has no captions.txt`)),
);
const start = performance.now();
const gram = await regularisationGram(model, nodeRuntime(2), captions);
const out = path.join(folder, "captions.gram.safetensors");
await writeFile(out, encodeGram(gram, await captionsDigest(captions)));
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`${out}: ${captions.length} captions, ${gram.rows} rows, in ${seconds} s`);
