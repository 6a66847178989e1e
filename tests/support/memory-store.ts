/** @file Downloaded files in memory, and what of them an earlier download left. */
import type { FileWriter, OpenWriter } from "../../src/hub/remote/file-writer.ts";

export interface MemoryStore {
  /** What is stored of each file, by path. */
  readonly stored: Map<string, Uint8Array>;
  /** Files that are whole and right. */
  readonly finished: Set<string>;
  readonly open: OpenWriter;
}

export function memoryStore(): MemoryStore {
  const stored = new Map<string, Uint8Array>();
  const finished = new Set<string>();
  const open = (path: string): Promise<FileWriter> => {
    const now = (): Uint8Array => stored.get(path) ?? new Uint8Array();
    return Promise.resolve({
      stored: async function* () {
        await Promise.resolve();
        if (now().byteLength > 0) yield now();
      },
      write: (bytes) => {
        const all = new Uint8Array(now().byteLength + bytes.byteLength);
        all.set(now());
        all.set(bytes, now().byteLength);
        stored.set(path, all);
        return Promise.resolve();
      },
      finish: () => Promise.resolve(void finished.add(path)),
      discard: () => Promise.resolve(void stored.delete(path)),
      close: () => Promise.resolve(),
    });
  };
  return { stored, finished, open };
}
