/**
 * @file A downloaded file into OPFS, in the chunks of an import, each with its SHA-256: after a reload the chunks that
 * are good are found by their own hashes, and the rest is downloaded.
 */
import { CHUNK_BYTES, type StoredFile } from "../../core/stored-file.ts";
import { writeAll } from "../copy-files.ts";
import { opfsError } from "../opfs-error.ts";
import { openFile } from "../opfs-files.ts";
import { sha256 } from "../sha256.ts";
import type { FileWriter } from "./file-writer.ts";

/** Milliseconds after which a chunk that is not whole is stored as well: a slow connection takes minutes for one. */
const STORE_INTERVAL = 10_000;

/**
 * @param file what is stored of it; changes with what is stored
 * @param save called whenever that has changed
 */
export function openOpfsWriter(
  id: string,
  file: StoredFile,
  save: () => Promise<void>,
): Promise<FileWriter> {
  return opfsError(async () => {
    const entry = await openFile(id, file.path, { create: true });
    return new OpfsWriter(await entry.createSyncAccessHandle(), file, save);
  });
}

class OpfsWriter implements FileWriter {
  private readonly handle: FileSystemSyncAccessHandle;
  private readonly file: StoredFile;
  private readonly save: () => Promise<void>;
  /** The chunk under way, and how much of it has come. */
  private chunk: Uint8Array<ArrayBuffer>;
  private filled = 0;
  /** Offset of that chunk. */
  private start = 0;
  /** Something of it is not on disk. */
  private dirty = false;
  private storedAt = performance.now();

  constructor(handle: FileSystemSyncAccessHandle, file: StoredFile, save: () => Promise<void>) {
    this.handle = handle;
    this.file = file;
    this.save = save;
    this.chunk = new Uint8Array(Math.min(CHUNK_BYTES, file.bytes));
  }

  async *stored(): AsyncGenerator<Uint8Array> {
    const { chunks, bytes, tail } = this.file;
    for (const [n, digest] of [...chunks.entries()]) {
      const isTail = tail !== undefined && n === chunks.length - 1;
      const length = isTail ? tail : Math.min(CHUNK_BYTES, bytes - this.start);
      const piece = this.chunk.subarray(0, length);
      const read = this.handle.read(piece, { at: this.start });
      if (read !== length || (await sha256(piece)) !== digest) {
        chunks.splice(n);
        this.file.tail = undefined;
        return;
      }
      if (isTail) this.filled = length;
      else this.start += length;
      yield piece;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const room = Math.min(CHUNK_BYTES, this.file.bytes - this.start) - this.filled;
      const piece = bytes.subarray(at, at + room);
      this.chunk.set(piece, this.filled);
      this.filled += piece.byteLength;
      at += piece.byteLength;
      this.dirty = true;
      const isLate = performance.now() - this.storedAt > STORE_INTERVAL;
      if (piece.byteLength === room || isLate) await this.flush();
    }
  }

  finish(): Promise<void> {
    // Whatever an earlier, longer file of this name has left.
    return this.truncate(this.file.bytes);
  }

  async discard(): Promise<void> {
    this.start = 0;
    this.filled = 0;
    this.dirty = false;
    this.file.chunks.splice(0);
    this.file.tail = undefined;
    await this.truncate(0);
    await this.save();
  }

  async close(): Promise<void> {
    try {
      if (this.dirty) await this.flush();
    } finally {
      this.handle.close();
    }
  }

  private truncate(size: number): Promise<void> {
    return opfsError(() => {
      this.handle.truncate(size);
      return Promise.resolve();
    });
  }

  /** Onto the disk first, then into the record: a hash says that the bytes are there. */
  private async flush(): Promise<void> {
    const { file, start, filled } = this;
    this.dirty = false;
    this.storedAt = performance.now();
    const bytes = this.chunk.subarray(0, filled);
    const digest = await sha256(bytes);
    await opfsError(() => {
      writeAll(this.handle, bytes, start);
      return Promise.resolve();
    });
    file.chunks.splice(start / CHUNK_BYTES, Infinity, digest);
    const isWhole = start + filled === Math.min(start + CHUNK_BYTES, file.bytes);
    file.tail = isWhole ? undefined : filled;
    await this.save();
    if (!isWhole) return;
    this.start += filled;
    this.filled = 0;
  }
}
