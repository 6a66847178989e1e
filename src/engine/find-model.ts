/** @file Where a model's files are: with the studio, or in this browser's store. */
import { StudioError } from "../core/errors.ts";
import { fetchedFiles } from "../hub/fetch-files.ts";
import type { ModelFiles } from "../hub/model-files.ts";

/** Models that come with the studio, by id; the folder is public/models/<id>. */
const BUNDLED: Readonly<Record<string, string>> = { "toybox-256": "Toybox 256" };

/** @throws StudioError "model-not-found" */
export function findModel(
  id: string,
  modelsBase: string,
): Promise<{ readonly name: string; readonly files: ModelFiles }> {
  const name = Object.hasOwn(BUNDLED, id) ? BUNDLED[id] : undefined;
  if (name !== undefined) {
    return Promise.resolve({ name, files: fetchedFiles(new URL(`${id}/`, modelsBase).href) });
  }
  throw new StudioError(
    "model-not-found",
    `There is no model "${id}"; the studio comes with ${Object.keys(BUNDLED).join(", ")}.`,
  );
}
