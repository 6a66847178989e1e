/** @file Downloads a model's files one after the other, each from its first byte that is missing, and compares their hashes. */
import { throwIfAborted } from "../../core/cancel.ts";
import { StudioError } from "../../core/errors.ts";
import { type Connection, fetchBytes } from "./connection.ts";
import { startHash } from "./file-hash.ts";
import type { FileWriter, OpenWriter } from "./file-writer.ts";
import { fileAddress } from "./hub-api.ts";
import type { RemoteFile, RemoteModel } from "./remote-model.ts";

export interface DownloadProgress {
  readonly path: string;
  /** Bytes of this file. */
  readonly fileLoaded: number;
  readonly fileTotal: number;
  /** Bytes of all files. */
  readonly loaded: number;
  readonly total: number;
  /** Of `loaded`, those that were here from before. */
  readonly kept: number;
  /** The connection broke off and will be tried again. */
  readonly waiting: boolean;
}

/** Milliseconds between two reports inside a file. */
const REPORT_INTERVAL = 100;

interface Context {
  readonly connection: Connection;
  readonly commit: string;
  /** Counts bytes of a file that were here from before, or have come. */
  readonly count: (before: number, arrived: number) => void;
}

/**
 * @returns how many bytes came over the network
 * @throws StudioError "download-failed" or "cancelled"; what has come so far is kept
 */
export async function downloadFiles(
  connection: Connection,
  { files, commit, bytes: total }: RemoteModel,
  openWriter: OpenWriter,
  onProgress: (progress: DownloadProgress) => void,
): Promise<number> {
  let [loaded, kept, fetched, fileLoaded, waiting, reported] = [0, 0, 0, 0, false, 0];
  let current = files[0];
  const report = (always: boolean): void => {
    if (current === undefined || (!always && performance.now() - reported < REPORT_INTERVAL))
      return;
    reported = performance.now();
    const { path, bytes: fileTotal } = current;
    onProgress({ path, fileLoaded, fileTotal, loaded, total, kept, waiting });
  };
  const context: Context = {
    connection: {
      ...connection,
      onWaiting: (now) => {
        waiting = now;
        report(true);
      },
    },
    commit,
    count: (before, arrived) => {
      kept += before;
      loaded += before + arrived;
      fileLoaded += before + arrived;
      fetched += Math.max(0, arrived);
      report(false);
    },
  };
  for (const file of files) {
    current = file;
    fileLoaded = 0;
    const writer = await openWriter(file.path, file.bytes);
    try {
      await downloadFile(context, file, writer);
    } finally {
      await writer.close();
    }
    report(true);
  }
  return fetched;
}

async function downloadFile(context: Context, file: RemoteFile, writer: FileWriter): Promise<void> {
  const { connection, count } = context;
  const { path, bytes, content } = file;
  let hash = await startHash(file);
  let at = 0;
  for await (const piece of writer.stored()) {
    throwIfAborted(connection.signal);
    hash.update(piece);
    at += piece.byteLength;
    count(piece.byteLength, 0);
  }
  for (let before = at; ; before = 0) {
    const rest = content === null ? fetchRest(context, file, at) : [content.subarray(at)];
    for await (const piece of rest) {
      throwIfAborted(connection.signal);
      hash.update(piece);
      await writer.write(piece);
      at += piece.byteLength;
      count(content === null ? 0 : piece.byteLength, content === null ? piece.byteLength : 0);
    }
    if (at === bytes && hash.matches()) return writer.finish();
    await writer.discard();
    count(-before, before - at);
    // What was here from before may have been of another version of the file: then all of it is fetched, once.
    if (before === 0) throw wrongHash(connection, path);
    hash = await startHash(file);
    at = 0;
  }
}

function fetchRest(
  { connection, commit }: Context,
  { remotePath, bytes }: RemoteFile,
  at: number,
): AsyncIterable<Uint8Array> {
  return fetchBytes(connection, fileAddress(connection, commit, remotePath), at, bytes);
}

function wrongHash({ address }: Connection, path: string): StudioError {
  return new StudioError(
    "download-failed",
    `"${path}" of "${address.repository}" is not what its repository says it is (its hash differs), so it was thrown away. Go on to download it again; all other files are kept.`,
  );
}
