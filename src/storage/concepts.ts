/** @file Concepts that are kept: the concept file as it would be exported, and what lists show of it. */
import { z } from "zod";
import { TRAIN_MODES } from "../core/concept/concept.ts";
import { createRepository } from "./repository.ts";

const conceptRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** What the person calls it. */
  name: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  source: z.enum(["trained", "imported", "merged"]),
  /** The run that trained it, where it was trained here. */
  runId: z.string().nullable(),
  /** Of stored concepts that were trained together: for each token, the concept that learnt it before. */
  originals: z.array(z.string()).optional(),
  baseModel: z.object({ id: z.string(), fingerprint: z.string() }),
  train: z.enum(TRAIN_MODES),
  tokens: z.array(z.object({ token: z.string(), category: z.string() })),
  settings: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()),
  /** The concept file (`.concept.safetensors`). */
  file: z.instanceof(Blob),
  /** Small pictures for cards: photos or previews; may be empty. */
  thumbnails: z.array(z.instanceof(Blob)),
});

export type ConceptRecord = Readonly<z.infer<typeof conceptRecord>>;

export const concepts = createRepository<ConceptRecord>({
  name: "studio-concepts",
  schema: conceptRecord,
  migrate: (record) => record,
});
