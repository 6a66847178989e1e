/** @file A model's files as if it had been made for other latents: its UNet works at any size that halves three times. */
import { type ModelFiles, readJson } from "../../src/hub/model-files.ts";

const CONFIG = "unet/config.json";

export function sizedFiles(files: ModelFiles, size: number): ModelFiles {
  return {
    ...files,
    async read(path, onBytes) {
      if (path !== CONFIG) return files.read(path, onBytes);
      const config = (await readJson(files, CONFIG)) as Readonly<Record<string, unknown>>;
      return new TextEncoder().encode(JSON.stringify({ ...config, sample_size: size }));
    },
  };
}
