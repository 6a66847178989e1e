/** @file Models that were imported into this browser: what they are, and which bytes of their files are here. The files lie in OPFS. */
import { z } from "zod";
import { StudioError } from "../core/errors.ts";
import { createRepository } from "./repository.ts";

const modelFile = z.object({
  /** Inside the model's folder: "unet/model.onnx". */
  path: z.string(),
  bytes: z.number(),
  /** SHA-256 of each 16 MiB of it that is stored, from its beginning; all of them once the file is whole. */
  chunks: z.array(z.string()),
});

const modelRecord = z.object({
  version: z.literal(1),
  /** Also the name of its folder in OPFS, below models/. */
  id: z.string(),
  /** What its folder was called. */
  name: z.string(),
  /** As its maker names it; null where the folder does not say. */
  licence: z.string().nullable(),
  /** "importing" until every file was copied and read back, and again where a file turns out to be damaged. */
  state: z.enum(["importing", "ready"]),
  /** Milliseconds since 1970. */
  importedAt: z.number(),
  files: z.array(modelFile),
});

export type ModelRecord = Readonly<z.infer<typeof modelRecord>>;

export const models = createRepository<ModelRecord>({
  name: "studio-models",
  schema: modelRecord,
  migrate: (record) => record,
});

/**
 * The record of a model that is whole.
 * @throws StudioError "model-not-found"
 */
export async function readyModel(id: string): Promise<ModelRecord> {
  const record = await models.get(id);
  if (record?.state === "ready") return record;
  throw new StudioError(
    "model-not-found",
    record === undefined
      ? `There is no model "${id}" in this browser; open another one or import it on the page Models.`
      : `The model "${record.name}" is not complete; choose its folder again on the page Models to finish it.`,
  );
}
