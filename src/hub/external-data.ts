/** @file Which files beside an .onnx file hold its weights, and how much of them it needs. */
import { decodeModel } from "../core/onnx/codec.ts";

/** An .onnx file with weights outside is small; one larger than this has them inside. */
const MOST_BYTES_WITHOUT_WEIGHTS = 256 * 2 ** 20;

export interface ExternalFile {
  /** Name in the .onnx file's own folder. */
  readonly name: string;
  /** Least size that it must have. */
  readonly bytes: number;
}

/**
 * @param path names the file in errors
 * @throws StudioError "model-corrupt" where it is no whole ONNX file
 */
export async function externalFilesOf(file: Blob, path: string): Promise<ExternalFile[]> {
  if (file.size > MOST_BYTES_WITHOUT_WEIGHTS) return [];
  const { graph } = decodeModel(new Uint8Array(await file.arrayBuffer()), `"${path}"`);
  const sizes = new Map<string, number>();
  for (const { externalData } of graph?.initializer ?? []) {
    const value = (key: string): string | undefined =>
      externalData.find((entry) => entry.key === key)?.value;
    const name = value("location");
    if (name === undefined) continue;
    const end = Number(value("offset") ?? 0) + Number(value("length") ?? 0);
    sizes.set(name, Math.max(sizes.get(name) ?? 0, end));
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes }));
}
