/** @file Service worker entry: the app offline, the model kept as it is first loaded, isolation where servers do not send it. */
import type { OfflineAnswer, OfflineRequest } from "../src/rpc/offline-contract.ts";
import { isolated } from "../src/sw/isolate.ts";
import { isLarge, KeptFiles, type ListedFile } from "../src/sw/kept-files.ts";

declare const self: ServiceWorkerGlobalScope & {
  /** The build puts the list of its files here. */
  readonly __WB_MANIFEST: readonly ListedFile[];
};

const listed = self.__WB_MANIFEST;
const base = self.registration.scope;
const shell = new KeptFiles(
  listed.filter(({ url }) => !isLarge(url)),
  base,
  "shell",
);
const large = new KeptFiles(
  listed.filter(({ url }) => isLarge(url)),
  base,
  "large-files",
);

self.addEventListener("install", (event) => {
  // An update takes over with everything it needs, or not at all: it must not break working offline.
  const isUpdate = self.registration.active !== null;
  event.waitUntil(isUpdate ? keepEverything() : shell.keepAll());
});

async function keepEverything(): Promise<void> {
  await shell.keepAll();
  for (const address of await large.missing()) await large.keep(address);
}

self.addEventListener("activate", (event) => {
  event.waitUntil(shell.clean());
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
  const wanted = isPage ? new Request(new URL("index.html", base)) : request;
  const keepAlive = (work: Promise<unknown>): void => event.waitUntil(work);
  const kept = (await shell.respond(wanted, keepAlive)) ?? (await large.respond(wanted, keepAlive));
  return kept ?? fetch(request);
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
