/** @file Which files beside an .onnx file hold its weights, and how much of them it needs. */
import { StudioError } from "../core/errors.ts";
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

/**
 * The path inside the model of what a graph keeps outside.
 * @param graph path of the .onnx file, whose folder it lies in
 * @throws StudioError where it is not there, or is cut short
 */
export function externalPath(
  model: string,
  graph: string,
  { name, bytes }: ExternalFile,
  sizeOf: (path: string) => number | undefined,
): string {
  const weights = `${graph.slice(0, graph.lastIndexOf("/") + 1)}${name}`;
  const size = sizeOf(weights);
  if (size === undefined) {
    throw new StudioError(
      "invalid-input",
      `"${model}" is not complete: ${graph} keeps its weights in ${weights}, which is not there. Add it, or fetch or export the model again.`,
    );
  }
  if (size < bytes) {
    throw new StudioError(
      "model-corrupt",
      `"${weights}" is cut short: it has ${size} of at least ${bytes} bytes; fetch or export the model again.`,
    );
  }
  return weights;
}
