/** @file Where a model's files are: with the studio, or in this browser's store. */
import { DEFAULT_MODEL } from "../core/default-model.ts";
import { fetchedFiles } from "../hub/fetch-files.ts";
import type { ModelFiles } from "../hub/model-files.ts";
import { opfsFiles } from "../hub/opfs-files.ts";
import { readyModel } from "../storage/models.ts";

/** @throws StudioError "model-not-found" where there is none, or only a part of it */
export async function findModel(
  id: string,
  modelsBase: string,
): Promise<{ readonly name: string; readonly files: ModelFiles }> {
  if (id === DEFAULT_MODEL.id) {
    const { name, folder } = DEFAULT_MODEL;
    return { name, files: fetchedFiles(new URL(folder, modelsBase).href) };
  }
  const { name } = await readyModel(id);
  return { name, files: opfsFiles(id) };
}
