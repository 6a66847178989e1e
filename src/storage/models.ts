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
  /** Bytes of the last of these, where it is not a whole one yet: of a download that was interrupted. */
  tail: z.number().optional(),
});

/** Where a model was downloaded from. */
const modelOrigin = z.object({
  server: z.string(),
  /** "owner/name". */
  repository: z.string(),
  /** As the person gave it: a branch, a tag or a commit. */
  revision: z.string(),
  /** What that stood for; a download goes on with this one. */
  commit: z.string(),
});

const modelRecord = z.object({
  version: z.literal(1),
  /** Also the name of its folder in OPFS, below models/. */
  id: z.string(),
  /** What its folder was called, or its repository: "owner/name". */
  name: z.string(),
  /** As its maker names it; null where the folder does not say. */
  licence: z.string().nullable(),
  /** "importing" until every file was copied or downloaded and read back, and again where a file turns out to be damaged. */
  state: z.enum(["importing", "ready"]),
  /** Milliseconds since 1970. */
  importedAt: z.number(),
  files: z.array(modelFile),
  /** Missing where it came from a folder. */
  origin: modelOrigin.optional(),
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
      : `The model "${record.name}" is not complete; ${record.origin === undefined ? "choose its folder again" : "resume its download"} on the page Models to finish it.`,
  );
}
