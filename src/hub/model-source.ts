/** @file A chosen folder as a model to import: its name, its licence, and each file that is needed. */
import { StudioError } from "../core/errors.ts";
import { clipTokenizerJson } from "../core/text/clip-tokenizer-json.ts";
import { checkpointFiles } from "./checkpoint-files.ts";
import { CHECKPOINT } from "./checkpoint-layout.ts";
import { externalFilesOf, externalPath } from "./external-data.ts";
import type { ModelFiles } from "./model-files.ts";
import { type FolderEntry, type ModelLayout, PARTS, readLayout } from "./model-layout.ts";
import { readLicence } from "./model-licence.ts";

export interface ChosenFile {
  /** The folder's own name first: "my-model/unet/model.onnx". */
  readonly path: string;
  readonly file: Blob;
}

export interface ModelSource {
  readonly name: string;
  readonly licence: string | null;
  /** By path inside the model. */
  readonly files: readonly { readonly path: string; readonly blob: Blob }[];
  readonly bytes: number;
  /** Files of the folder that are of no use here. */
  readonly ignored: number;
  /** Whether it has no VAE encoder: such a model paints, and cannot be trained. */
  readonly paintsOnly: boolean;
}

/**
 * @param merges gives CLIP's merges (`CLIP_MERGES`), which a checkpoint's tokenizer is made of
 * @throws StudioError "invalid-input" or "model-corrupt" that names what is wrong with the folder
 */
export async function readModelSource(
  chosen: readonly ChosenFile[],
  merges: () => Promise<Uint8Array>,
): Promise<ModelSource> {
  const blobs = new Map(chosen.map(({ path, file }) => [path, file]));
  const entries = chosen.map(({ path, file }): FolderEntry => ({ path, bytes: file.size }));
  const layout = readLayout(entries);
  const { name, root, needed, checkpoint } = layout;
  const inside = (path: string): Blob | undefined => blobs.get(root + path);
  const text = async (path: string): Promise<string | null> => {
    const blob = inside(path);
    return blob === undefined ? null : readText(blob, path);
  };
  const files = [...needed, ...(await externalPaths(layout, inside))].map((path) => ({
    path: path === checkpoint ? CHECKPOINT : path,
    blob: inside(path) ?? new Blob([]),
  }));
  const empty = files.find(({ blob }) => blob.size === 0);
  if (empty !== undefined) {
    throw new StudioError(
      "model-corrupt",
      `"${empty.path}" is empty; fetch or export the model again.`,
    );
  }
  const ignored = chosen.length - files.length;
  if (layout.makesTokenizer) {
    const vocabulary = (await text("tokenizer/vocab.json")) ?? "";
    const merges = (await text("tokenizer/merges.txt")) ?? "";
    const json = JSON.stringify(clipTokenizerJson(vocabulary, merges));
    files.push({ path: "tokenizer/tokenizer.json", blob: new Blob([json]) });
  }
  if (checkpoint !== null) {
    const made = await checkpointFiles(name, blobFiles(files), await merges());
    for (const [path, json] of made) files.push({ path, blob: new Blob([JSON.stringify(json)]) });
  }
  // Where the model lies inside of a repository, the card is the repository's.
  const top = blobs.get(`${root.split("/")[0] ?? ""}/README.md`);
  const card =
    (await text("README.md")) ?? (top === undefined ? null : await readText(top, "README.md"));
  const configs = [await text("studio.json"), await text("model_index.json")];
  return {
    name,
    licence: readLicence({ readme: card, configs }),
    files,
    bytes: files.reduce((sum, { blob }) => sum + blob.size, 0),
    ignored,
    paintsOnly: layout.paintsOnly,
  };
}

/** Files that are at hand, as a model's are read. */
function blobFiles(files: ModelSource["files"]): ModelFiles {
  const blobs = new Map(files.map(({ path, blob }) => [path, blob]));
  const bytesOf = async (path: string, blob: Blob | undefined): Promise<Uint8Array | null> => {
    try {
      return blob === undefined ? null : new Uint8Array(await blob.arrayBuffer());
    } catch (cause) {
      throw unreadable(path, cause);
    }
  };
  return {
    read: (path) => bytesOf(path, blobs.get(path)),
    range: (path, offset, length) => bytesOf(path, blobs.get(path)?.slice(offset, offset + length)),
  };
}

/** Paths inside the model of the weights that lie beside its .onnx files. */
async function externalPaths(
  { name }: ModelLayout,
  inside: (path: string) => Blob | undefined,
): Promise<string[]> {
  const paths: string[] = [];
  for (const part of PARTS) {
    const path = `${part}/model.onnx`;
    const graph = inside(path);
    if (graph === undefined) continue;
    for (const external of await externalFilesOf(graph, path)) {
      paths.push(externalPath(name, path, external, (weights) => inside(weights)?.size));
    }
  }
  return paths;
}

async function readText(blob: Blob, path: string): Promise<string> {
  try {
    return await blob.text();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The file on the person's disk was moved, changed or is not theirs to read. */
export function unreadable(path: string, cause: unknown): StudioError {
  return new StudioError(
    "invalid-input",
    `"${path}" in the folder could not be read; it may have been moved or changed meanwhile. Choose the folder again.`,
    { cause },
  );
}
