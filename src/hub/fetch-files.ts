/** @file A model's files over HTTP from one folder, with progress. */
import { StudioError } from "../core/errors.ts";
import type { ModelFiles } from "./model-files.ts";

/** @param base address of the model's folder, ending in "/" */
export function fetchedFiles(base: string): ModelFiles {
  return {
    async read(path, onBytes) {
      const response = await get(new URL(path, base));
      if (response.status === 404) return null;
      // A single-page host answers every unknown path with its page.
      const html = response.headers.get("content-type")?.startsWith("text/html") === true;
      if (html && !path.endsWith(".html")) return null;
      if (!response.ok || response.body === null) {
        throw new StudioError(
          "download-failed",
          `Fetching "${path}" failed with status ${response.status}; try again.`,
        );
      }
      return collect(response, response.body, path, onBytes);
    },
  };
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
  body: ReadableStream<Uint8Array>,
  path: string,
  onBytes: ((loaded: number, total: number) => void) | undefined,
): Promise<Uint8Array> {
  const encoded = response.headers.has("content-encoding");
  const total = encoded ? 0 : Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.byteLength;
    onBytes?.(loaded, total);
  }
  if (total > 0 && loaded !== total) {
    throw new StudioError(
      "download-failed",
      `"${path}" broke off after ${loaded} of ${total} bytes; try again.`,
    );
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
