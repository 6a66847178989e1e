/** @file The tensors of safetensors files as descriptions: only headers are read, numbers when a session is made. */
import { StudioError } from "../core/errors.ts";
import type { Constant } from "../core/onnx/constant.ts";
import { fromAbove } from "../core/onnx/relocate.ts";
import {
  LENGTH_BYTES,
  readSafetensorsHeader,
  safetensorsHeaderBytes,
} from "../core/tensor/safetensors.ts";
import { type ModelFiles, readJson } from "./model-files.ts";
import { type Part, weightFilesOf } from "./weight-files.ts";

export interface TensorFiles {
  /** What holds them, in errors: "unet/diffusion_pytorch_model.safetensors". */
  readonly path: string;
  /** By the file's own names. */
  readonly tensors: ReadonlyMap<string, Constant>;
  /** Of the headers. */
  readonly bytes: number;
}

/** The tensors of a part's weights; null where it has none that the studio reads. */
export async function readPartTensors(files: ModelFiles, part: Part): Promise<TensorFiles | null> {
  for (const { path, shards } of weightFilesOf(part)) {
    if (shards === null) {
      const whole = await readTensors(files, path);
      if (whole !== null) return whole;
    } else if ((await files.range(path, 0, 1)) !== null) {
      return readShards(files, path, shards);
    }
  }
  return null;
}

/** The tensors of one file; null where there is no such file. */
export async function readTensors(files: ModelFiles, path: string): Promise<TensorFiles | null> {
  const length = await files.range(path, 0, LENGTH_BYTES);
  if (length === null) return null;
  const bytes = within(path, () => safetensorsHeaderBytes(length));
  const start = (await files.range(path, 0, bytes)) ?? length;
  const { tensors } = within(path, () => readSafetensorsHeader(start));
  const described = [...tensors].map(
    ([name, { dtype, dims, offset, length: count }]): [string, Constant] => [
      name,
      { dtype, dims, data: { kind: "external", location: fromAbove(path), offset, length: count } },
    ],
  );
  return { path, tensors: new Map(described), bytes };
}

async function readShards(files: ModelFiles, list: string, shards: RegExp): Promise<TensorFiles> {
  const folder = list.slice(0, list.lastIndexOf("/") + 1);
  const index = await readJson(files, list);
  const map = typeof index === "object" && index !== null && "weight_map" in index ? index : null;
  const names = Object.values(map?.weight_map ?? {});
  const paths = new Set(names.map((name) => `${folder}${String(name)}`));
  if (paths.size === 0 || [...paths].some((path) => !shards.test(path))) {
    throw new StudioError(
      "model-corrupt",
      `"${list}" does not list the files of the weights; fetch it again.`,
    );
  }
  const tensors = new Map<string, Constant>();
  let bytes = 0;
  for (const path of paths) {
    const shard = await readTensors(files, path);
    if (shard === null) {
      throw new StudioError(
        "model-not-found",
        `The model has no file "${path}", which "${list}" lists; fetch the model again.`,
      );
    }
    for (const [name, constant] of shard.tensors) tensors.set(name, constant);
    bytes += shard.bytes;
  }
  return { path: list, tensors, bytes };
}

/** The same with the file's name where something is wrong with it. */
function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof StudioError)) throw cause;
    throw new StudioError(cause.code, `"${path}": ${cause.message}`, { cause });
  }
}
