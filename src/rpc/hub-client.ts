/** @file The page's end of the hub worker, which is started with the first call. */
import { proxy, wrap, type Endpoint, type Remote } from "comlink";
import { StudioError } from "../core/errors.ts";
import type { HubApi } from "./hub-contract.ts";
import { installErrorTransfer } from "./transfer.ts";

installErrorTransfer();

interface Connection {
  readonly remote: Remote<HubApi>;
  /** Rejects when the worker dies, which would leave calls waiting for ever. */
  readonly crash: Promise<never>;
}

/** @param start gives the worker, or in tests another endpoint */
export function connectHub(start: () => Endpoint): HubApi {
  let connection: Connection | null = null;
  const call = <T>(run: (remote: Remote<HubApi>) => Promise<T>): Promise<T> => {
    connection ??= connect(start(), () => {
      // The next call starts another worker; what this one has copied is kept.
      connection = null;
    });
    return Promise.race([run(connection.remote), connection.crash]);
  };
  return {
    reviewFolder: (files) => call((hub) => hub.reviewFolder(files)),
    importFolder: (files, onProgress) => call((hub) => hub.importFolder(files, proxy(onProgress))),
    reviewRemote: (request) => call((hub) => hub.reviewRemote(request)),
    downloadModel: (request, onProgress) =>
      call((hub) => hub.downloadModel(request, proxy(onProgress))),
    checkModel: (id, onProgress) => call((hub) => hub.checkModel(id, proxy(onProgress))),
    stopLooking: () => call((hub) => hub.stopLooking()),
    cancel: () => call((hub) => hub.cancel()),
    removeModel: (id) => call((hub) => hub.removeModel(id)),
    storageUse: () => call((hub) => hub.storageUse()),
    clearRegularisation: () => call((hub) => hub.clearRegularisation()),
  };
}

function connect(endpoint: Endpoint, onCrash: () => void): Connection {
  const crash = new Promise<never>((_, reject) => {
    const report = (event: Event): void => {
      const detail = "message" in event && typeof event.message === "string" ? event.message : "";
      onCrash();
      reject(
        new StudioError(
          "internal",
          `The part of the studio that keeps models stopped${detail === "" ? "" : ` (${detail})`}. Try again; what was stored is kept.`,
        ),
      );
    };
    endpoint.addEventListener("error", report);
    endpoint.addEventListener("messageerror", report);
  });
  // Without a call under way nobody waits for it.
  crash.catch(() => undefined);
  return { remote: wrap<HubApi>(endpoint), crash };
}

/** The hub in a worker of its own. */
export function startHub(): HubApi {
  return connectHub(
    () =>
      new Worker(new URL("../../workers/hub.worker.ts", import.meta.url), {
        type: "module",
        name: "hub",
      }),
  );
}
