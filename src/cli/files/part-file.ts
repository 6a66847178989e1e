/** @file A downloaded file on disk: it grows under the name FILE.part, and gets its own name once it is whole and right. */
import { type FileHandle, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { StudioError } from "../../core/errors.ts";
import type { FileWriter } from "../../hub/remote/file-writer.ts";
import { writeError } from "./write-file.ts";

const PIECE_BYTES = 2 ** 20;

/** What is there of a file, whole or not; null where nothing is. For files that fit into memory. */
export async function readPart(folder: string, name: string): Promise<Uint8Array | null> {
  const target = path.join(folder, name);
  return readFile(target)
    .catch(() => readFile(`${target}.part`))
    .catch(() => null);
}

/** Bytes that are there of a file, whole or not. */
export async function partBytes(folder: string, name: string): Promise<number> {
  const target = path.join(folder, name);
  const found = await stat(target)
    .catch(() => stat(`${target}.part`))
    .catch(() => null);
  return found?.size ?? 0;
}

/** @throws StudioError "invalid-input" where the file cannot be written, or another one has its name */
export async function openPartFile(
  folder: string,
  name: string,
  bytes: number,
): Promise<FileWriter> {
  const target = path.join(folder, name);
  const existing = await stat(target).catch(() => null);
  if (existing !== null && existing.size !== bytes) throw isAnother(target);
  return writing(target, async () => {
    if (existing !== null) return new WholeFile(target, await open(target, "r"));
    await mkdir(path.dirname(target), { recursive: true });
    const handle = await open(`${target}.part`, "a+");
    if ((await handle.stat()).size > bytes) await handle.truncate(0);
    return new PartFile(target, handle);
  });
}

class PartFile implements FileWriter {
  private readonly target: string;
  private readonly handle: FileHandle;
  private closed = false;

  constructor(target: string, handle: FileHandle) {
    this.target = target;
    this.handle = handle;
  }

  stored(): AsyncGenerator<Uint8Array> {
    return piecesOf(this.handle);
  }

  write(bytes: Uint8Array): Promise<void> {
    return writing(this.target, () => this.handle.appendFile(bytes));
  }

  finish(): Promise<void> {
    return writing(this.target, async () => {
      await this.handle.sync();
      await this.close();
      await rename(`${this.target}.part`, this.target);
    });
  }

  discard(): Promise<void> {
    return writing(this.target, () => this.handle.truncate(0));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.handle.close();
  }
}

/** An earlier download, or the person, has put it there; it is compared, and never changed. */
class WholeFile implements FileWriter {
  private readonly target: string;
  private readonly handle: FileHandle;

  constructor(target: string, handle: FileHandle) {
    this.target = target;
    this.handle = handle;
  }

  stored(): AsyncGenerator<Uint8Array> {
    return piecesOf(this.handle);
  }

  write(bytes: Uint8Array): Promise<void> {
    return bytes.byteLength === 0 ? Promise.resolve() : this.discard();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  discard(): Promise<void> {
    return Promise.reject(isAnother(this.target));
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function* piecesOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, at);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function isAnother(target: string): StudioError {
  return new StudioError(
    "invalid-input",
    `"${target}" is there already and is another file than the model's; choose another folder for --out, or move it away.`,
  );
}

async function writing<T>(target: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw cause instanceof StudioError ? cause : writeError(target, cause);
  }
}
