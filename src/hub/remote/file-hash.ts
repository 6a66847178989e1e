/** @file The hash that a server gives for a file, computed while the file arrives. */
import { createSHA1, createSHA256 } from "hash-wasm";

export interface Expected {
  readonly bytes: number;
  readonly sha256: string | null;
  /** Git's hash: SHA-1 of a heading with the size, and the bytes. */
  readonly blob: string | null;
}

export interface FileHash {
  update(bytes: Uint8Array): void;
  /** Whether all that came has the expected hash; true where there is none to compare with. */
  matches(): boolean;
}

/** In WebAssembly: crypto.subtle, which browsers have, takes a file only as a whole. */
export async function startHash({ bytes, sha256, blob }: Expected): Promise<FileHash> {
  if (sha256 === null && blob === null) {
    return { update: () => undefined, matches: () => true };
  }
  const hasher = await (sha256 === null ? createSHA1() : createSHA256());
  hasher.init();
  if (sha256 === null) hasher.update(`blob ${bytes}\0`);
  return {
    update: (piece) => void hasher.update(piece),
    matches: () => hasher.digest("hex") === (sha256 ?? blob),
  };
}

/** Whether these are the bytes of the file, by size and hash. */
export async function isExpected(bytes: Uint8Array, expected: Expected): Promise<boolean> {
  if (bytes.byteLength !== expected.bytes) return false;
  const hash = await startHash(expected);
  hash.update(bytes);
  return hash.matches();
}
