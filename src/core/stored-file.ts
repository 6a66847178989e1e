/** @file A model's file in the store: how much of it is there, in chunks with a hash each. */

/** How much of a file is read, written and hashed at one time: little beside a model, much beside a call. */
export const CHUNK_BYTES = 16 * 2 ** 20;

export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of each chunk that is stored, from the file's beginning. */
  readonly chunks: string[];
  /** Bytes of the last of these, where it is not a whole one yet: of a download that was interrupted. */
  tail?: number | undefined;
}

/** Whether all of a file's chunks are stored. */
export function isWhole({ bytes, chunks, tail }: StoredFile): boolean {
  return tail === undefined && chunks.length === Math.ceil(bytes / CHUNK_BYTES);
}

/** Bytes of a file that are stored. */
export function storedBytes({ bytes, chunks, tail }: StoredFile): number {
  const missing = tail === undefined ? 0 : CHUNK_BYTES - tail;
  return Math.min(bytes, chunks.length * CHUNK_BYTES - missing);
}
