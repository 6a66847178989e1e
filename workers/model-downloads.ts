/** @file Models from a server into the store: looked at, downloaded, and gone on with where that was interrupted. */
import { DEFAULT_MODEL } from "../src/core/default-model.ts";
import { StudioError } from "../src/core/errors.ts";
import type { StoredFile } from "../src/core/stored-file.ts";
import { opfsFiles } from "../src/hub/opfs-files.ts";
import type { Connection } from "../src/hub/remote/connection.ts";
import { downloadFiles } from "../src/hub/remote/download.ts";
import { openOpfsWriter } from "../src/hub/remote/opfs-writer.ts";
import { readRemoteModel, type RemoteModel } from "../src/hub/remote/remote-model.ts";
import { requireRoom } from "../src/hub/room.ts";
import { slugOf } from "../src/hub/slug.ts";
import type { ImportProgress, RemoteRequest, RemoteReview } from "../src/rpc/hub-contract.ts";
import { type ModelRecord, models } from "../src/storage/models.ts";
import { bytesOf, freeBytes, readBack, removeDropped } from "./stored-model.ts";

/** Graphs and configurations that the last look has read; a download that follows does not fetch them again. */
let lastLook: {
  readonly key: string;
  readonly model: RemoteModel;
  /** As the person asked for it; the download is of its commit. */
  readonly revision: string;
} | null = null;

export async function reviewRemote(
  request: RemoteRequest,
  signal: AbortSignal,
): Promise<RemoteReview> {
  const { repository, revision } = request.address;
  const { records } = await models.list();
  const interrupted = interruptedDownload(request, records);
  const model = await readRemoteModel({ ...request, signal }, storedReader(interrupted?.id));
  refuseTwice(request, model, records);
  lastLook = { key: keyOf(request, model.commit), model, revision };
  const { licence, gated, commit, bytes, ignored, facts } = model;
  const known = interrupted?.files ?? [];
  const free = await freeBytes();
  requireRoom(repository, bytes - bytesOf(known), free);
  return {
    name: repository,
    licence,
    gated,
    commit,
    files: model.files.map(({ path, bytes }) => ({ path, bytes })),
    bytes,
    ignored,
    stored: bytesOf(known),
    free,
    facts,
  };
}

interface Place {
  readonly id: string;
  /** What an interrupted download has stored there. */
  readonly known: ModelRecord | undefined;
}

/** Where in the store a model goes. */
export async function placeFor(request: RemoteRequest): Promise<Place> {
  const { records } = await models.list();
  const known = interruptedDownload(request, records);
  const id = known?.id ?? slugOf(request.address.repository, [...records, DEFAULT_MODEL]);
  return { id, known };
}

interface Download extends Place {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
}

export async function downloadRemote(
  request: RemoteRequest,
  { id, known, signal, onProgress }: Download,
): Promise<string> {
  const { server, repository } = request.address;
  const connection: Connection = { ...request, signal };
  const look = lastLook?.key === keyOf(request, request.address.revision) ? lastLook : null;
  const model = look?.model ?? (await readRemoteModel(connection, storedReader(known?.id)));
  const revision = look?.revision ?? request.address.revision;
  const { commit, licence } = model;
  requireRoom(repository, model.bytes - bytesOf(known?.files ?? []), await freeBytes());
  await removeDropped(id, known?.files ?? [], model.files);
  const files = model.files.map(({ path, bytes }): StoredFile => {
    const before = known?.files.find((file) => file.path === path && file.bytes === bytes);
    return { path, bytes, chunks: [...(before?.chunks ?? [])], tail: before?.tail };
  });
  const record: ModelRecord = {
    version: 1,
    id,
    name: repository,
    licence,
    state: "importing",
    importedAt: Date.now(),
    files: [],
    // Going on with it asks for its commit; what the person asked for at first stays.
    origin:
      known?.origin?.commit === commit ? known.origin : { server, repository, revision, commit },
  };
  const save = (now: readonly StoredFile[]): Promise<void> =>
    models.put({ ...record, files: now.map((file) => ({ ...file, chunks: [...file.chunks] })) });
  await save(files);
  await downloadFiles(
    connection,
    model,
    (path) => {
      const file = files.find((one) => one.path === path);
      if (file === undefined) throw new StudioError("internal", `"${path}" is not of this model.`);
      return openOpfsWriter(id, file, () => save(files));
    },
    ({ path, loaded, total, ...download }) => {
      onProgress({ stage: "download", path, loaded, total, download });
    },
  );
  const good = await readBack(files, {
    id,
    save,
    signal,
    onBytes: (path, loaded, total) => onProgress({ stage: "check", path, loaded, total }),
    repair: "Resume the download",
  });
  lastLook = null;
  await models.put({ ...record, files: [...good], state: "ready" });
  return id;
}

/** The page asks for the commit that it was shown. */
function keyOf({ address: { server, repository } }: RemoteRequest, commit: string): string {
  return JSON.stringify([server, repository, commit]);
}

/** Reads what an interrupted download has stored; whether it is right is for the hashes to say. */
function storedReader(id: string | undefined): (path: string) => Promise<Uint8Array | null> {
  if (id === undefined) return () => Promise.resolve(null);
  const files = opfsFiles(id);
  return (path) => files.read(path);
}

function interruptedDownload(
  { address: { server, repository } }: RemoteRequest,
  records: readonly ModelRecord[],
): ModelRecord | undefined {
  return records.find(
    ({ state, origin }) =>
      state === "importing" && origin?.server === server && origin.repository === repository,
  );
}

function refuseTwice(
  { address: { server, repository } }: RemoteRequest,
  { commit }: RemoteModel,
  records: readonly ModelRecord[],
): void {
  const same = records.find(
    ({ state, origin }) =>
      state === "ready" &&
      origin?.server === server &&
      origin.repository === repository &&
      origin.commit === commit,
  );
  if (same === undefined) return;
  throw new StudioError(
    "invalid-input",
    `"${repository}" is here already, in the same version; open it from the list.`,
  );
}
