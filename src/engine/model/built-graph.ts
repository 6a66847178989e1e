/** @file The graph of a part that has no ONNX file: built from its configuration and the headers of its weights. */
import { checkpointGraph } from "../../core/build/checkpoint.ts";
import { partGraph } from "../../core/build/part-graph.ts";
import { CHECKPOINT } from "../../hub/checkpoint-layout.ts";
import { type ModelFiles, readJson } from "../../hub/model-files.ts";
import { readPartTensors, readTensors } from "../../hub/stored-tensors.ts";
import { WEIGHT_FOLDERS } from "../../hub/weight-files.ts";
import { record } from "./config.ts";
import type { ModelPart, ReadGraph } from "./read-model.ts";

/** Null where the model has no weights of this part that the studio reads. */
export async function builtGraph(files: ModelFiles, part: ModelPart): Promise<ReadGraph | null> {
  const own = await readPartTensors(files, part);
  const found = own ?? (await readTensors(files, CHECKPOINT));
  if (found === null) return null;
  const config = record(await readJson(files, `${WEIGHT_FOLDERS[part]}/config.json`));
  const build = own === null ? checkpointGraph : partGraph;
  const graph = build(part, config, found.tensors, `"${found.path}"`);
  return { graph, bytes: found.bytes };
}
