/**
 * @file The hub behind its contract: models come in from a folder or from a server, are checked, and go; and what all
 * storage holds.
 */
import { StudioError } from "../src/core/errors.ts";
import { DEFAULT_MODEL } from "../src/core/default-model.ts";
import type { StoredFile } from "../src/core/stored-file.ts";
import { CLIP_MERGES } from "../src/hub/checkpoint-files.ts";
import { copyFiles, type OnBytes, verifyFiles } from "../src/hub/copy-files.ts";
import { fetchedFiles } from "../src/hub/fetch-files.ts";
import { readRequired } from "../src/hub/model-files.ts";
import { type ModelSource, readModelSource } from "../src/hub/model-source.ts";
import { removeFromOpfs } from "../src/hub/opfs-files.ts";
import { requireRoom } from "../src/hub/room.ts";
import { slugOf } from "../src/hub/slug.ts";
import type { HubApi, ImportProgress } from "../src/rpc/hub-contract.ts";
import { type ModelRecord, models } from "../src/storage/models.ts";
import {
  cachedAppBytes,
  clearGeneratedRegularisation,
  databaseBytes,
  storageEstimate,
} from "../src/storage/usage.ts";
import { downloadRemote, placeFor, reviewRemote } from "./model-downloads.ts";
import { bytesOf, damagedPaths, freeBytes, readBack, removeDropped } from "./stored-model.ts";

/** CLIP's merges, which come with the app: beside the folder that this worker lies in. */
const merges = (): Promise<Uint8Array> =>
  readRequired(fetchedFiles(new URL("../", self.location.href).href), CLIP_MERGES);

export function createModelLibrary(): HubApi {
  let running: AbortController | null = null;
  let looking: AbortController | null = null;

  /** One import or check at a time, in this tab and in all others that hold the same model. */
  const exclusively = async <T>(
    id: string,
    action: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    if (running !== null) throw busy();
    const own = new AbortController();
    running = own;
    try {
      return await navigator.locks.request(`studio-model/${id}`, { ifAvailable: true }, (lock) => {
        if (lock === null) throw busy();
        return action(own.signal);
      });
    } finally {
      running = null;
    }
  };

  const importFolder: HubApi["importFolder"] = async (chosen, onProgress) => {
    const source = await readModelSource(chosen, merges);
    const { records } = await models.list();
    const interrupted = interruptedImport(source, records);
    refuseTwice(source, records);
    const id = interrupted?.id ?? slugOf(source.name, [...records, DEFAULT_MODEL]);
    return exclusively(id, async (signal) => {
      const known = interrupted?.files ?? [];
      requireRoom(source.name, source.bytes - bytesOf(known), await freeBytes());
      const record: ModelRecord = {
        version: 1,
        id,
        name: source.name,
        licence: source.licence,
        state: "importing",
        importedAt: Date.now(),
        files: [],
      };
      const save = (files: readonly StoredFile[]): Promise<void> =>
        models.put({ ...record, files: [...files] });
      await removeDropped(id, known, source.files);
      const report = reporter(onProgress);
      const copied = await copyFiles(id, source.files, {
        known,
        save,
        signal,
        onBytes: report("copy"),
      });
      const good = await readBack(copied, {
        id,
        save,
        signal,
        onBytes: report("check"),
        repair: "Choose the folder again",
      });
      await models.put({ ...record, files: [...good], state: "ready" });
      return id;
    });
  };

  return {
    async reviewFolder(chosen) {
      const source = await readModelSource(chosen, merges);
      const { records } = await models.list();
      refuseTwice(source, records);
      const { name, licence, bytes, files, ignored, paintsOnly } = source;
      const known = interruptedImport(source, records)?.files ?? [];
      const free = await freeBytes();
      const stored = bytesOf(known);
      requireRoom(name, bytes - stored, free);
      return { name, licence, bytes, files: files.length, ignored, paintsOnly, stored, free };
    },

    importFolder,

    async reviewRemote(request) {
      const own = new AbortController();
      looking?.abort();
      looking = own;
      return reviewRemote(request, own.signal);
    },

    async downloadModel(request, onProgress) {
      const { id, known } = await placeFor(request);
      return exclusively(id, (signal) =>
        downloadRemote(request, { id, known, signal, onProgress }),
      );
    },

    checkModel: (id, onProgress) =>
      exclusively(id, async (signal) => {
        const record = await models.get(id);
        if (record === undefined) {
          throw new StudioError("model-not-found", `There is no model "${id}" in this browser.`);
        }
        const onBytes = reporter(onProgress)("check");
        const checked = await verifyFiles(id, record.files, { signal, onBytes });
        const damaged = damagedPaths(checked);
        // Not to be opened until it was imported again: then only what is damaged is copied or downloaded.
        if (damaged.length > 0) {
          await models.put({ ...record, files: [...checked], state: "importing" });
        }
        return damaged;
      }),

    stopLooking() {
      looking?.abort();
      return Promise.resolve();
    },

    cancel() {
      running?.abort();
      return Promise.resolve();
    },

    removeModel: (id) =>
      exclusively(id, async () => {
        // Should this be interrupted, what is left is an import that was not finished, and can be removed again.
        await models.update(id, (record) => ({ ...record, state: "importing" }));
        await removeFromOpfs(id);
        await models.remove(id);
      }),

    async storageUse() {
      const { records } = await models.list();
      const kinds = {
        models: bytesOf(records.flatMap(({ files }) => files)),
        images: await databaseBytes("images"),
        concepts: await databaseBytes("concepts"),
        runs: await databaseBytes("runs"),
        regularisation: await databaseBytes("regularisation"),
        app: await cachedAppBytes(),
      };
      return { kinds, ...(await storageEstimate()) };
    },

    clearRegularisation: clearGeneratedRegularisation,
  };
}

function reporter(onProgress: (progress: ImportProgress) => void) {
  return (stage: ImportProgress["stage"]): OnBytes =>
    (path, loaded, total) => {
      onProgress({ stage, path, loaded, total });
    };
}

/** An import of a folder of this name that was not finished, or that turned out to be damaged. */
function interruptedImport(
  { name }: ModelSource,
  records: readonly ModelRecord[],
): ModelRecord | undefined {
  return records.find(
    (record) => record.name === name && record.state === "importing" && record.origin === undefined,
  );
}

function refuseTwice({ name, files }: ModelSource, records: readonly ModelRecord[]): void {
  const sizes = new Map(files.map(({ path, blob }) => [path, blob.size]));
  const same = records.find(
    (record) =>
      record.name === name &&
      record.state === "ready" &&
      record.files.length === sizes.size &&
      record.files.every(({ path, bytes }) => sizes.get(path) === bytes),
  );
  if (same === undefined) return;
  throw new StudioError(
    "invalid-input",
    `"${name}" is here already, with files of the same sizes; open it from the list, or remove it there first if its folder has changed.`,
  );
}

function busy(): StudioError {
  return new StudioError(
    "invalid-input",
    "A model is being copied, checked or removed, here or in another tab; wait until that is done, then try again.",
  );
}
