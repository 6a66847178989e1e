/** @file Files that are kept for offline: the small ones when the app is installed, the large ones the first time they are used. */
import { partOf } from "./byte-range.ts";

const LARGE = /^(models|samples|captions)\/|\.wasm$|\/(heic-|ort\.webgpu)/;

/**
 * Fetched while installing, the model and onnxruntime (100 MB and more) would be fetched a second time, beside the
 * engine that is opening them on the first visit. Installing therefore takes the small files alone, which is quick,
 * the page waits a moment for it, and the large ones are kept while they pass through on their way to the engine.
 * @param url relative to the app's folder
 */
export function isLarge(url: string): boolean {
  return LARGE.test(url);
}

/** As the build lists it: a revision where the name has no hash of the content. */
export interface ListedFile {
  readonly url: string;
  readonly revision: string | null;
}

/**
 * onnxruntime's files: one for each way of computing, of which a browser uses one. The others are never kept for the sake
 * of working offline alone.
 */
const isOneOfSeveral = (address: string): boolean => address.endsWith(".wasm");

/** What a file is called in every version: its address without the hash of its content. */
function stemOf(address: string): string {
  return address.replace(/-[\w-]{8}(?=\.\w+$)/, "");
}

/** The list and the cache agree by address and revision: a file that a new version leaves as it was is not fetched again. */
function keyOf({ url, revision }: ListedFile, base: string): string {
  const address = new URL(url, base);
  if (revision !== null) address.searchParams.set("revision", revision);
  return address.href;
}

export class KeptFiles {
  /** Cache keys by address. */
  private readonly keys: ReadonlyMap<string, string>;
  private readonly cacheName: string;
  private readonly fetchFile: (request: Request) => Promise<Response>;
  /** Files that are being written to the cache. */
  private readonly writing = new Map<string, Promise<void>>();

  /**
   * @param base address that the list is relative to
   * @param cacheName the same in every version, so that what has not changed stays
   */
  constructor(
    files: readonly ListedFile[],
    base: string,
    cacheName: string,
    fetchFile: (request: Request) => Promise<Response> = (request) => fetch(request),
  ) {
    this.cacheName = cacheName;
    this.fetchFile = fetchFile;
    this.keys = new Map(files.map((file) => [new URL(file.url, base).href, keyOf(file, base)]));
  }

  /**
   * The file that is asked for: from the cache, or from the network and into the cache in passing, so that nothing is
   * fetched twice. Null where it is none of these files.
   * @param keepAlive holds the service worker until the file is written
   */
  async respond(
    request: Request,
    keepAlive: (work: Promise<unknown>) => void,
  ): Promise<Response | null> {
    const { pathname } = new URL(request.url);
    const address = new URL(pathname, request.url).href;
    const key = this.keys.get(address);
    if (key === undefined) return null;
    await this.writing.get(key);
    const cache = await caches.open(this.cacheName);
    const kept = await cache.match(key);
    const range = request.headers.get("range");
    if (kept !== undefined) return range === null ? kept : partOf(kept, range);
    if (range !== null) return this.fetchFile(request);
    const response = await this.fetchFile(request);
    if (response.status !== 200) return response;
    // Where there is no room the page still gets its file; what is missing is told when it is asked for.
    const written = cache.put(key, response.clone()).catch(() => undefined);
    keepAlive(this.hold(key, written));
    return response;
  }

  /** Addresses of those that are not kept yet. Of several, the one whose last version was used. */
  async missing(): Promise<string[]> {
    await Promise.all(this.writing.values());
    const cache = await caches.open(this.cacheName);
    const kept = new Set((await cache.keys()).map(({ url }) => url));
    const stems = new Set([...kept].map(stemOf));
    return [...this.keys]
      .filter(
        ([address, key]) => !kept.has(key) && (!isOneOfSeveral(address) || stems.has(stemOf(key))),
      )
      .map(([address]) => address);
  }

  /** How many are always kept. */
  get count(): number {
    return [...this.keys.keys()].filter((address) => !isOneOfSeveral(address)).length;
  }

  /** Fetches one file and keeps it; rejects where that cannot be done. */
  async keep(address: string): Promise<void> {
    const key = this.keys.get(address);
    if (key === undefined) return;
    // The browser's own cache may have it, under a name that changes with the content; of other names "no-cache" asks
    // the server whether that is still the file.
    const request = new Request(address, key === address ? {} : { cache: "no-cache" });
    const written = this.fetchFile(request).then(async (response) => {
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      await (await caches.open(this.cacheName)).put(key, unredirected(response));
    });
    await this.hold(
      key,
      written.catch(() => undefined),
    );
    await written;
  }

  /** Keeps all that are missing, side by side; rejects where one of them cannot be kept. */
  async keepAll(): Promise<void> {
    await Promise.all((await this.missing()).map((address) => this.keep(address)));
  }

  /** Whoever asks for the file meanwhile waits for it, in place of fetching it a second time. */
  private hold(key: string, written: Promise<void>): Promise<void> {
    this.writing.set(key, written);
    return written.finally(() => this.writing.delete(key));
  }

  /** Removes what this version does not list. */
  async clean(): Promise<void> {
    const cache = await caches.open(this.cacheName);
    const wanted = new Set(this.keys.values());
    for (const request of await cache.keys()) {
      if (!wanted.has(request.url)) await cache.delete(request);
    }
  }
}

/** Some hosts answer index.html with a redirect to its folder, and browsers take no page from a redirected response. */
function unredirected(response: Response): Response {
  if (!response.redirected) return response;
  const { body, status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
