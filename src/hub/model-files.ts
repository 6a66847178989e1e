/** @file A model's files by path inside its folder, wherever they are kept. */
import type { ExternalReader } from "../core/onnx/materialise.ts";
import { seenFromAbove } from "../core/onnx/relocate.ts";
import { StudioError } from "../core/errors.ts";

export interface ModelFiles {
  /** Whole file; null where there is none. `onBytes` hears how much of it has come so far. */
  read(path: string, onBytes?: (loaded: number, total: number) => void): Promise<Uint8Array | null>;
  /** Some bytes of a file that may be too large for memory: fewer where it ends early, null where there is none. */
  range(path: string, offset: number, length: number): Promise<Uint8Array | null>;
}

/**
 * The whole file.
 * @throws StudioError "model-not-found" where there is none
 */
export async function readRequired(
  files: ModelFiles,
  path: string,
  onBytes?: (loaded: number, total: number) => void,
): Promise<Uint8Array> {
  const bytes = await files.read(path, onBytes);
  if (bytes !== null) return bytes;
  throw new StudioError(
    "model-not-found",
    `The model has no file "${path}"; it should be a Hugging Face folder in optimum's ONNX layout.`,
  );
}

/** A required JSON file. */
export async function readJson(files: ModelFiles, path: string): Promise<unknown> {
  const bytes = await readRequired(files, path);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new StudioError(
      "model-corrupt",
      `The model's file "${path}" is not valid JSON; fetch it again.`,
      {
        cause,
      },
    );
  }
}

/** Weights outside of graphs, beside an .onnx file or by their path inside the model, read range by range as asked for. */
export function externalReader(files: ModelFiles, folder: string): ExternalReader {
  return (location, offset, length) => files.range(seenFromAbove(folder, location), offset, length);
}
