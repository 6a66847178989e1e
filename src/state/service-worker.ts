/** @file Registers the service worker, and says when the engine may start so that nothing is fetched twice or lost. */

/** On the first visit; after that the engine starts, and what it fetches is fetched once more for offline. */
const PATIENCE_MILLISECONDS = 4000;

const RELOADED = "reloaded-for-isolation";

export interface ServiceWorkerSetup {
  /** Null where there is none: an old browser, a private window, an address that is not secure, development. */
  readonly registration: Promise<ServiceWorkerRegistration | null>;
  /** Settles when the engine may start; never where the page is about to be loaded again. */
  readonly ready: Promise<void>;
}

/**
 * Whether to load the page once more. A server that cannot send the headers that give WebAssembly its threads leaves it
 * to the service worker, which is in charge from the second load on. Once a tab, or a browser that does not isolate
 * pages at all would load for ever.
 */
export function needsReload(page: {
  readonly isolated: boolean;
  /** A service worker is active, and would answer the next load. */
  readonly active: boolean;
  readonly reloaded: boolean;
}): boolean {
  return !page.isolated && page.active && !page.reloaded;
}

/** Nothing has started yet when this decides to load the page again, so no work can be lost by it. */
export function setUpServiceWorker(): ServiceWorkerSetup {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) {
    return { registration: Promise.resolve(null), ready: Promise.resolve() };
  }
  const registration = navigator.serviceWorker
    .register(new URL("service-worker.js", document.baseURI), { updateViaCache: "none" })
    .catch(() => null);
  return { registration, ready: untilReady(registration) };
}

async function untilReady(registration: Promise<ServiceWorkerRegistration | null>): Promise<void> {
  if (navigator.serviceWorker.controller === null) await firstControl(registration);
  const { controller } = navigator.serviceWorker;
  // A forced reload goes past a service worker that is active all the same.
  const active = controller !== null || (await registrationNow(registration))?.active != null;
  if (crossOriginIsolated) reloaded.forget();
  else if (needsReload({ isolated: false, active, reloaded: reloaded.before() })) {
    reloaded.remember();
    location.reload();
    await new Promise(() => undefined);
  }
}

/** Where it has not come to a registration by now, there is none to count on. */
function registrationNow(
  registration: Promise<ServiceWorkerRegistration | null>,
): Promise<ServiceWorkerRegistration | null> {
  return Promise.race([registration, Promise.resolve(null)]);
}

/** Waits until the first version of the service worker takes this page over, but not for long. */
function firstControl(registration: Promise<ServiceWorkerRegistration | null>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    setTimeout(done, PATIENCE_MILLISECONDS);
    navigator.serviceWorker.addEventListener("controllerchange", done, { once: true });
    void registration.then((found) => {
      const first = found?.installing ?? found?.waiting;
      if (first == null) {
        done();
        return;
      }
      first.addEventListener("statechange", () => {
        if (first.state === "redundant") done();
      });
    });
  });
}

/** Whether this tab has been loaded again already. */
const reloaded = {
  before: (): boolean => session((storage) => storage.getItem(RELOADED) !== null) ?? true,
  remember: (): void => session((storage) => storage.setItem(RELOADED, "yes")),
  forget: (): void => session((storage) => storage.removeItem(RELOADED)),
};

/** Undefined where the browser lets nothing be remembered: then it is not tried at all. */
function session<T>(action: (storage: Storage) => T): T | undefined {
  try {
    return action(sessionStorage);
  } catch {
    return undefined;
  }
}
