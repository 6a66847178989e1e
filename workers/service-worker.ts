/** @file Service worker entry: the app offline, the model kept as it is first loaded, isolation where servers do not send it. */
import { PrecacheController } from "workbox-precaching";
import type { OfflineAnswer, OfflineRequest } from "../src/rpc/offline-contract.ts";
import { isolated } from "../src/sw/isolate.ts";
import { LargeFiles, type ListedFile } from "../src/sw/large-files.ts";

declare const self: ServiceWorkerGlobalScope;

/**
 * Fetched while installing, the model and onnxruntime (100 MB and more) would be fetched a second time, beside the
 * engine that is opening them on the first visit. Installing therefore takes the small files alone, which is quick,
 * the page waits a moment for it, and the large ones are kept while they pass through on their way to the engine.
 */
const LARGE = /^(models|samples)\/|\.wasm$|\/heic-/;

// The build puts the list of its files here.
const listed = self.__WB_MANIFEST
  .filter((file) => typeof file !== "string")
  .map(({ url, revision = null }): ListedFile => ({ url, revision }));
const base = self.registration.scope;
const shell = new PrecacheController();
shell.addToCacheList(listed.filter(({ url }) => !LARGE.test(url)));
const large = new LargeFiles(
  listed.filter(({ url }) => LARGE.test(url)),
  base,
  "large-files",
);

self.addEventListener("install", (event) => {
  void shell.install(event);
  // An update takes over with everything it needs, or not at all: it must not break working offline.
  if (self.registration.active !== null) event.waitUntil(keepAll());
});

async function keepAll(): Promise<void> {
  for (const address of await large.missing()) await large.keep(address);
}

self.addEventListener("activate", (event) => {
  void shell.activate(event);
  event.waitUntil(large.clean());
  // The first visit's page is taken over as well, for the sake of the files it is about to load.
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || new URL(url).origin !== self.location.origin) return;
  event.respondWith(respond(event).then(isolated));
});

async function respond(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const { pathname } = new URL(request.url);
  // The page itself, whatever its query says.
  const isPage = request.mode === "navigate" && new URL(base).pathname === pathname;
  const kept = await shell.matchPrecache(isPage ? new URL("index.html", base).href : pathname);
  if (kept !== undefined) return kept;
  const keepAlive = (work: Promise<unknown>): void => event.waitUntil(work);
  return (await large.respond(request, keepAlive)) ?? fetch(request);
}

self.addEventListener("message", (event) => {
  // Only pages of this very origin can post here.
  const request = event.data as OfflineRequest;
  switch (request.kind) {
    case "take-over":
      event.waitUntil(self.skipWaiting());
      break;
    case "keep-next":
      event.waitUntil(keepNext().then((answer) => event.ports[0]?.postMessage(answer)));
      break;
  }
});

/** Milliseconds after which an event takes on no further file. */
const ENOUGH = 500;

/** A few small files an event, or a large one: browsers end a service worker whose event takes minutes. */
async function keepNext(): Promise<OfflineAnswer> {
  const missing = await large.missing();
  const total = Math.max(large.count, missing.length);
  const start = performance.now();
  try {
    for (let next = missing[0]; next !== undefined; next = missing[0]) {
      await large.keep(next);
      missing.shift();
      if (performance.now() - start > ENOUGH) break;
    }
    return { missing: missing.length, total, failure: null };
  } catch (error) {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    return { missing: missing.length, total, failure: full ? "no-room" : "no-connection" };
  }
}
