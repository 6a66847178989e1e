/** @file A repository as a model to download: which of its files are needed, from small ones that are read for it. */
import { StudioError } from "../../core/errors.ts";
import { serverName } from "../../core/model-address.ts";
import type { ModelFacts } from "../../core/model-facts.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { clipTokenizerJson } from "../../core/text/clip-tokenizer-json.ts";
import { externalFilesOf, externalPath } from "../external-data.ts";
import { readLayout } from "../model-layout.ts";
import { type Connection, fetchBytes } from "./connection.ts";
import { isExpected } from "./file-hash.ts";
import { isHalfPrecision } from "./graph-precision.ts";
import { fileAddress, type ListedFile, listFiles, modelInformation } from "./hub-api.ts";

export interface RemoteFile {
  /** Inside the model. */
  readonly path: string;
  /** Inside the repository. */
  readonly remotePath: string;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly blob: string | null;
  /** What is in it, where it had to be read or made already. */
  readonly content: Uint8Array | null;
}

export interface RemoteModel {
  readonly commit: string;
  readonly licence: string | null;
  readonly gated: boolean;
  /** In the order in which they are downloaded. */
  readonly files: readonly RemoteFile[];
  readonly bytes: number;
  /** Files of the repository that are of no use here. */
  readonly ignored: number;
  readonly facts: ModelFacts;
}

/** An .onnx file with weights beside it holds a graph alone. */
const MOST_BYTES_OF_A_GRAPH = 64 * 2 ** 20;

/** What lies beside a graph and holds no weights. */
const NO_WEIGHTS = /\.(json|txt|md|onnx|onnx\.gz|png|safetensors|bin|msgpack)$/;

/**
 * @param stored gives what an earlier download has of a file, by its path inside the model
 * @throws StudioError "download-failed", "invalid-input" or "model-corrupt"
 */
export async function readRemoteModel(
  connection: Connection,
  stored: (path: string) => Promise<Uint8Array | null> = () => Promise.resolve(null),
): Promise<RemoteModel> {
  const { repository, server } = connection.address;
  const { commit, licence, gated } = await modelInformation(connection);
  const listed = await listFiles(connection, commit);
  if (!listed.some(({ path }) => /(^|\/)unet\//.test(path))) {
    throw new StudioError(
      "invalid-input",
      `"${repository}" on ${serverName(server)} has no folder "unet": it is no Stable Diffusion model in a layout that the studio reads.`,
    );
  }
  // Folders that people choose have their own name first.
  const prefix = `${repository.split("/")[1] ?? ""}/`;
  const layout = readLayout(listed.map(({ path, bytes }) => ({ path: prefix + path, bytes })));
  if (layout.checkpoint !== null) {
    throw new StudioError(
      "invalid-input",
      `"${repository}" keeps its model in one file, ${layout.checkpoint}; download that file, and add it from this machine.`,
    );
  }
  const root = layout.root.slice(prefix.length);
  const inside = new Map(
    listed
      .filter(({ path }) => path.startsWith(root))
      .map((file) => [file.path.slice(root.length), file]),
  );

  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const read = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const file = inside.get(path);
    if (file === undefined) return new Uint8Array();
    const before = await stored(path);
    const bytes =
      before !== null && (await isExpected(before, file))
        ? new Uint8Array(before)
        : await download(connection, commit, file);
    contents.set(path, bytes);
    return bytes;
  };

  const needed = [...layout.needed];
  let halfPrecision: boolean | null = null;
  for (const path of layout.needed) {
    if (!hasWeightsBeside(path, inside)) continue;
    const graph = await read(path);
    const sizeOf = (name: string): number | undefined => inside.get(name)?.bytes;
    for (const external of await externalFilesOf(new Blob([graph]), path)) {
      needed.push(externalPath(layout.name, path, external, sizeOf));
    }
    if (path.startsWith("unet/")) halfPrecision = isHalfPrecision(graph);
  }
  const unetConfig = inside.has("unet/config.json") ? parsed(await read("unet/config.json")) : null;

  const files = needed.flatMap((path): RemoteFile[] => {
    const file = inside.get(path);
    if (file === undefined) return [];
    return [{ ...file, path, remotePath: file.path, content: contents.get(path) ?? null }];
  });
  const empty = files.find(({ bytes }) => bytes === 0);
  if (empty !== undefined) {
    throw new StudioError(
      "model-corrupt",
      `"${empty.remotePath}" of "${repository}" is empty; choose another revision or another model.`,
    );
  }
  const ignored = listed.length - files.length;
  if (layout.makesTokenizer) {
    const text = async (path: string): Promise<string> =>
      new TextDecoder().decode(await read(path));
    const json = clipTokenizerJson(
      await text("tokenizer/vocab.json"),
      await text("tokenizer/merges.txt"),
    );
    files.push(madeFile("tokenizer/tokenizer.json", JSON.stringify(json)));
  }
  // What is here already first, then small files, so that trouble with them shows before the large ones.
  files.sort(
    (a, b) => Number(a.content === null) - Number(b.content === null) || a.bytes - b.bytes,
  );
  const weights = files.filter(({ path }) => path.startsWith("unet/") && !path.endsWith(".json"));
  const bytes = sizeOfAll(files);
  return {
    commit,
    licence,
    gated,
    files,
    bytes,
    ignored,
    facts: {
      ...{ bytes, unetWeightBytes: sizeOfAll(weights), halfPrecision, unetConfig },
      unetParameters: await parametersOfUnet(unetConfig),
    },
  };
}

/** Loaded where it is needed: nobody else wants the builder of graphs here. */
async function parametersOfUnet(config: unknown): Promise<number | null> {
  if (typeof config !== "object" || config === null) return null;
  const [{ unetGraph }, { parametersOf }] = await Promise.all([
    import("../../core/build/unet.ts"),
    import("../../core/build/weights.ts"),
  ]);
  try {
    const parameters = parametersOf((weights) => unetGraph({ ...config }, weights));
    return [...parameters.values()].reduce((sum, dims) => sum + elementCount(dims), 0);
  } catch (error) {
    // A UNet of another kind is refused where its graph is read, with what is unknown of it.
    if (error instanceof StudioError) return null;
    throw error;
  }
}

function hasWeightsBeside(path: string, inside: ReadonlyMap<string, ListedFile>): boolean {
  if (!path.endsWith(".onnx") || (inside.get(path)?.bytes ?? 0) > MOST_BYTES_OF_A_GRAPH)
    return false;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return [...inside.keys()].some((other) => other.startsWith(folder) && !NO_WEIGHTS.test(other));
}

async function download(
  connection: Connection,
  commit: string,
  file: ListedFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  for await (const piece of fetchBytes(
    connection,
    fileAddress(connection, commit, file.path),
    0,
    file.bytes,
  )) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  if (await isExpected(bytes, file)) return bytes;
  throw new StudioError(
    "download-failed",
    `"${file.path}" of "${connection.address.repository}" is not what its repository says it is (its hash differs); try again.`,
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Said when the model is opened, with the file's name.
    return null;
  }
}

function madeFile(path: string, text: string): RemoteFile {
  const content = new TextEncoder().encode(text);
  return { path, remotePath: path, bytes: content.byteLength, sha256: null, blob: null, content };
}

function sizeOfAll(files: readonly RemoteFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
