/** @file Where a downloaded file goes: what is there of it from before, and what comes after. */

export interface FileWriter {
  /** What an earlier download has stored and is still as it was, in pieces, from the file's beginning. */
  stored(): AsyncIterable<Uint8Array>;
  /** Takes the bytes that follow; they may change once this is done. */
  write(bytes: Uint8Array): Promise<void>;
  /** The file is whole, and has the hash it should have. */
  finish(): Promise<void>;
  /** What is there is not what it should be: it goes, and `write` begins at the beginning. */
  discard(): Promise<void>;
  /** Nothing more comes now; what has come stays for the next time. */
  close(): Promise<void>;
}

/** Opens the file at a path inside the model's folder. */
export type OpenWriter = (path: string, bytes: number) => Promise<FileWriter>;
