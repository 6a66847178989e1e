/** @file A model's files over HTTP from one folder, with progress. */
import { StudioError } from "../core/errors.ts";
import type { ModelFiles } from "./model-files.ts";

/** @param base address of the model's folder, ending in "/" */
export function fetchedFiles(base: string): ModelFiles {
  // A Blob is the browser's to keep, on disk where it is large; only the ranges asked for enter the heap.
  const blobs = new Map<string, Promise<Blob | null>>();
  const blobOf = (path: string): Promise<Blob | null> => {
    const known = blobs.get(path) ?? respond(base, path).then((found) => found?.blob() ?? null);
    blobs.set(path, known);
    return known;
  };
  return {
    async read(path, onBytes) {
      const response = await respond(base, path);
      return response === null ? null : collect(response, path, onBytes);
    },
    async range(path, offset, length) {
      const blob = await blobOf(path);
      if (blob === null) return null;
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/** The response with the file; null where there is none. */
async function respond(base: string, path: string): Promise<Response | null> {
  const response = await get(new URL(path, base));
  if (response.status === 404) return null;
  // A single-page host answers every unknown path with its page.
  const html = response.headers.get("content-type")?.startsWith("text/html") === true;
  if (html && !path.endsWith(".html")) return null;
  if (response.ok) return response;
  throw new StudioError(
    "download-failed",
    `Fetching "${path}" failed with status ${response.status}; try again.`,
  );
}

async function get(address: URL): Promise<Response> {
  try {
    return await fetch(address);
  } catch (cause) {
    throw new StudioError(
      "download-failed",
      `"${address.pathname}" could not be fetched; check the connection and try again.`,
      { cause },
    );
  }
}

async function collect(
  response: Response,
  path: string,
  onBytes: ((loaded: number, total: number) => void) | undefined,
): Promise<Uint8Array> {
  const encoded = response.headers.has("content-encoding");
  const total = encoded ? 0 : Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw brokenOff(path, loaded, total, cause);
    });
    if (done) break;
    chunks.push(value);
    loaded += value.byteLength;
    onBytes?.(loaded, total);
  }
  if (total > 0 && loaded !== total) throw brokenOff(path, loaded, total);
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function brokenOff(path: string, loaded: number, total: number, cause?: unknown): StudioError {
  const of = total > 0 ? ` of ${total}` : "";
  return new StudioError(
    "download-failed",
    `"${path}" broke off after ${loaded}${of} bytes; try again.`,
    { cause },
  );
}
