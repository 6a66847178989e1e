/** @file `--model`: a model that comes with the studio by its name, a folder of ONNX files or safetensors, or a checkpoint. */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { StudioError } from "../core/errors.ts";
import { EVERY_OPTIMISATION, type Optimisations } from "../core/optimisations.ts";
import { type Model, readModel } from "../engine/model/read-model.ts";
import { checkpointFiles, CLIP_MERGES } from "../hub/checkpoint-files.ts";
import { CHECKPOINT } from "../hub/checkpoint-layout.ts";
import { folderFiles } from "../hub/folder-files.ts";
import type { ModelFiles } from "../hub/model-files.ts";

/** What comes with the studio. */
const PUBLIC = fileURLToPath(new URL("../../public", import.meta.url));
const BUNDLED = path.join(PUBLIC, "models");

/** Regularisation captions of merges for models that bring none of their own. */
export const EVERYDAY_CAPTIONS = fileURLToPath(
  new URL("../../public/captions/everyday.txt", import.meta.url),
);

export const DEFAULT_MODEL = "toybox-256";

/** @throws StudioError "model-not-found" where neither a bundled model nor a folder or a checkpoint has the name */
export async function openModelOption(
  name: string,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Promise<Model> {
  const { id, files } = await modelOption(name);
  return readModel(id, files, undefined, optimisations);
}

/**
 * A model's name and files, of which nothing is read yet.
 * @throws StudioError "model-not-found"
 */
export async function modelOption(
  name: string,
): Promise<{ readonly id: string; readonly files: ModelFiles }> {
  const bundled = path.join(BUNDLED, name);
  const place = /^[\w.-]+$/.test(name) && existsSync(bundled) ? bundled : path.resolve(name);
  const isFolder = existsSync(place) && statSync(place).isDirectory();
  if (!isFolder && !(existsSync(place) && place.endsWith(".safetensors"))) {
    throw new StudioError(
      "model-not-found",
      `There is no model "${name}"; give ${DEFAULT_MODEL}, a folder of ONNX files or of diffusers' safetensors, or a checkpoint (.safetensors).`,
    );
  }
  const files = isFolder ? folderFiles(place) : await checkpointOnDisk(place);
  return { id: path.basename(place, ".safetensors"), files };
}

/** A checkpoint and what it lacks, as a model's files. */
async function checkpointOnDisk(file: string): Promise<ModelFiles> {
  const beside = folderFiles(path.dirname(file));
  const own: ModelFiles = {
    read: (name) => (name === "studio.json" ? beside.read(name) : Promise.resolve(null)),
    range: (name, offset, length) =>
      name === CHECKPOINT
        ? beside.range(path.basename(file), offset, length)
        : Promise.resolve(null),
  };
  const merges = await readFile(path.join(PUBLIC, CLIP_MERGES));
  const made = await checkpointFiles(path.basename(file), own, merges);
  const encoder = new TextEncoder();
  return {
    read: (name) =>
      made.has(name)
        ? Promise.resolve(encoder.encode(JSON.stringify(made.get(name))))
        : own.read(name),
    range: (name, offset, length) => own.range(name, offset, length),
  };
}
