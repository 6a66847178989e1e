/** @file A web host as plain as they come: files of the build in a folder, no headers but the type, and a count. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const DIST = path.join(import.meta.dirname, "..", "..", "dist");
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

export interface PlainHost {
  readonly address: string;
  /** How often each file was sent whole, by its path in the build. */
  readonly sent: Map<string, number>;
  /** What the next requests get in place of a file of the build. */
  readonly replaced: Map<string, string>;
  close(): Promise<void>;
}

/** @param headers sent with every answer */
export async function startPlainHost(headers: Record<string, string> = {}): Promise<PlainHost> {
  const folder = "/some/folder/";
  const sent = new Map<string, number>();
  const replaced = new Map<string, string>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    const name = pathname === folder ? "index.html" : pathname.replace(folder, "");
    const body = replaced.get(name) ?? readFile(path.join(DIST, name));
    Promise.resolve(body).then(
      (bytes) => {
        sent.set(name, (sent.get(name) ?? 0) + 1);
        const type = TYPES[path.extname(name)] ?? "application/octet-stream";
        response.writeHead(200, {
          ...headers,
          "Content-Type": type,
          "Content-Length": Buffer.byteLength(bytes),
        });
        response.end(bytes);
      },
      () => {
        response.writeHead(404, headers).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}${folder}`,
    sent,
    replaced,
    close: () => closeServer(server),
  };
}

/** Connections that are kept open would keep the server. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
