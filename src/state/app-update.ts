/** @file A new version of the studio: it waits until a person takes it, and never interrupts work. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { OfflineRequest } from "../rpc/offline-contract.ts";

/** How often a page that stays open asks for a new version. */
const ASK_EVERY_MILLISECONDS = 3_600_000;

export interface AppUpdate {
  /** "waiting" for a person; "replaced" where another tab has taken it and this one is still the old. */
  readonly kind: "none" | "waiting" | "replaced";
  readonly reload: () => void;
}

/** Why the page should not be loaded again now, as a sentence; null where it may. */
export function updateBlockedBy(work: {
  readonly training: boolean;
  readonly painting: boolean;
}): string | null {
  if (work.training) return "A training run is under way: pause it or let it finish first.";
  if (work.painting) return "Images are being painted: let them finish or cancel them first.";
  return null;
}

export type AppUpdateStore = StoreApi<AppUpdate>;

export function createAppUpdateStore(
  registration: Promise<ServiceWorkerRegistration | null>,
): AppUpdateStore {
  let waiting: ServiceWorker | null = null;
  let asked = false;
  const reload = (): void => {
    if (waiting?.state !== "installed") {
      location.reload();
      return;
    }
    asked = true;
    waiting.postMessage({ kind: "take-over" } satisfies OfflineRequest);
  };
  const store = createStore<AppUpdate>()(() => ({ kind: "none", reload }));

  const offer = (worker: ServiceWorker): void => {
    waiting = worker;
    store.setState({ kind: "waiting" });
  };
  const follow = (worker: ServiceWorker): void => {
    worker.addEventListener("statechange", () => {
      // The first version of all replaces nothing.
      if (worker.state === "installed" && navigator.serviceWorker.controller !== null) {
        offer(worker);
      }
    });
  };
  void registration.then((found) => {
    if (found === null) return;
    let controlled = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (asked) location.reload();
      else if (controlled) store.setState({ kind: "replaced" });
      controlled = true;
    });
    if (found.waiting !== null) offer(found.waiting);
    if (found.installing !== null) follow(found.installing);
    found.addEventListener("updatefound", () => {
      if (found.installing !== null) follow(found.installing);
    });
    askNowAndThen(found);
  });
  return store;
}

/** Loading the page asks by itself; a page that stays open asks when it is looked at again. */
function askNowAndThen(registration: ServiceWorkerRegistration): void {
  let asked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || Date.now() - asked < ASK_EVERY_MILLISECONDS) {
      return;
    }
    asked = Date.now();
    // Without a connection there is nothing to ask.
    registration.update().catch(() => undefined);
  });
}
