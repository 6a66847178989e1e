/** @file `--model`: a model that comes with the studio by its name, or a folder in optimum's layout. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { StudioError } from "../core/errors.ts";
import { EVERY_OPTIMISATION, type Optimisations } from "../core/optimisations.ts";
import { type Model, readModel } from "../engine/model/read-model.ts";
import { folderFiles } from "../hub/folder-files.ts";

/** Folder of the models that come with the studio. */
const BUNDLED = fileURLToPath(new URL("../../public/models", import.meta.url));

/** Regularisation captions of merges for models that bring none of their own. */
export const EVERYDAY_CAPTIONS = fileURLToPath(
  new URL("../../public/captions/everyday.txt", import.meta.url),
);

export const DEFAULT_MODEL = "toybox-256";

/** @throws StudioError "model-not-found" where neither a bundled model nor a folder has the name */
export async function openModelOption(
  name: string,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Promise<Model> {
  const folder = modelFolder(name);
  return readModel(path.basename(folder), folderFiles(folder), undefined, optimisations);
}

/** @throws StudioError "model-not-found" */
export function modelFolder(name: string): string {
  const bundled = path.join(BUNDLED, name);
  const folder = /^[\w.-]+$/.test(name) && existsSync(bundled) ? bundled : path.resolve(name);
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
  throw new StudioError(
    "model-not-found",
    `There is no model "${name}"; give ${DEFAULT_MODEL}, or a folder in optimum's ONNX layout.`,
  );
}
