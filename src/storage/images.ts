/** @file Generated images: the PNG with its settings inside, and the settings again for lists. */
import { z } from "zod";
import { imageSettingsSchema } from "../core/image/image-settings.ts";
import { createRepository } from "./repository.ts";

const imageRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  width: z.number(),
  height: z.number(),
  settings: imageSettingsSchema,
  png: z.instanceof(Blob),
});

export type ImageRecord = Readonly<z.infer<typeof imageRecord>>;

export const images = createRepository<ImageRecord>({
  name: "studio-images",
  schema: imageRecord,
  migrate: (record) => record,
});
