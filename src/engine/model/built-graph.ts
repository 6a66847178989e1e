/** @file The graph of a part that has no ONNX file: built from its configuration and the headers of its weights. */
import { partGraph } from "../../core/build/part-graph.ts";
import { type ModelFiles, readJson } from "../../hub/model-files.ts";
import { readPartTensors } from "../../hub/stored-tensors.ts";
import { WEIGHT_FOLDERS } from "../../hub/weight-files.ts";
import { record } from "./config.ts";
import type { ModelPart, ReadGraph } from "./read-model.ts";

/** Null where the model has no weights of this part that the studio reads. */
export async function builtGraph(files: ModelFiles, part: ModelPart): Promise<ReadGraph | null> {
  const found = await readPartTensors(files, part);
  if (found === null) return null;
  const config = record(await readJson(files, `${WEIGHT_FOLDERS[part]}/config.json`));
  const graph = partGraph(part, config, found.tensors, `"${found.path}"`);
  return { graph, bytes: found.bytes };
}
