/** @file Whether the studio works without a connection: what is missing is kept file by file once the model is open. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { OfflineAnswer, OfflineRequest } from "../rpc/offline-contract.ts";
import type { QueuedJob } from "./generation-store.ts";
import type { ModelStore } from "./model-store.ts";

/** Browsers end a service worker's work on one message after five minutes; then nothing answers any more. */
const SILENCE_MILLISECONDS = 330_000;

export type OfflineStatus =
  /** There is no service worker, or it is not known yet whether there is. */
  | { readonly kind: "unknown" }
  | { readonly kind: "preparing"; readonly kept: number; readonly total: number }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly failure: "no-room" | "no-connection" };

export type OfflineStore = StoreApi<OfflineStatus>;
/** Asks the service worker for some more files. */
export type KeepNext = () => Promise<OfflineAnswer>;

/**
 * Keeps one file after the other until none is missing or one cannot be kept.
 * @param quiet waited for before each
 */
export async function keepAll(
  keepNext: KeepNext,
  show: (status: OfflineStatus) => void,
  quiet: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (;;) {
    await quiet();
    const { missing, total, failure } = await keepNext();
    if (failure !== null) {
      show({ kind: "failed", failure });
      return;
    }
    if (missing === 0) {
      show({ kind: "ready" });
      return;
    }
    show({ kind: "preparing", kept: total - missing, total });
  }
}

/** As much of the queue of images as matters here. */
type Queue = Pick<
  StoreApi<{ readonly jobs: readonly { readonly state: Pick<QueuedJob["state"], "kind"> }[] }>,
  "getState" | "subscribe"
>;

/** Settles when no image is painted: somebody waits for each of them, and copying took a fifth of the first one's time. */
export function whenNothingIsPainted(generation: Queue): Promise<void> {
  const painting = (): boolean =>
    generation.getState().jobs.some(({ state }) => state.kind !== "failed");
  if (!painting()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = generation.subscribe(() => {
      if (painting()) return;
      stop();
      resolve();
    });
  });
}

/** Starts when the first model is open: until then the connection is the engine's. */
export function createOfflineStore(
  models: ModelStore,
  generation: Queue,
  registration: Promise<ServiceWorkerRegistration | null>,
): OfflineStore {
  const store = createStore<OfflineStatus>()(() => ({ kind: "unknown" }));
  const begin = async (): Promise<void> => {
    const worker = navigator.serviceWorker.controller ?? (await registration)?.active;
    if (worker == null) return;
    await keepAll(
      () => askToKeepNext(worker),
      (status) => store.setState(status, true),
      () => whenNothingIsPainted(generation),
    );
  };
  const stop = models.subscribe(({ status }) => {
    if (status.kind !== "open") return;
    stop();
    if ("serviceWorker" in navigator) void begin();
  });
  return store;
}

function askToKeepNext(worker: ServiceWorker): Promise<OfflineAnswer> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (answer: OfflineAnswer): void => {
      clearTimeout(silence);
      port1.close();
      resolve(answer);
    };
    const silence = setTimeout(
      () => end({ missing: 1, total: 1, failure: "no-connection" }),
      SILENCE_MILLISECONDS,
    );
    port1.onmessage = ({ data }: MessageEvent<OfflineAnswer>) => end(data);
    worker.postMessage({ kind: "keep-next" } satisfies OfflineRequest, [port2]);
  });
}
