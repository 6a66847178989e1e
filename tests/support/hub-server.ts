/**
 * @file A server that answers as Hugging Face does (its API, redirects of large files to a second host, headers for
 * browsers), over a model's real files, and that can be made to fail in the ways that networks and servers do.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Fault =
  /** The connection ends after so many bytes of an answer, so many times. */
  | { readonly kind: "break"; readonly after: number; times: number }
  /** Nothing more comes after so many bytes, and the connection stays open. */
  | { readonly kind: "silence"; readonly after: number; times: number }
  | { readonly kind: "status"; readonly status: number; times: number }
  /** Other bytes than the listing promises, so many times. */
  | { readonly kind: "wrong"; times: number }
  /** Ranges are ignored: the whole file comes with status 200. */
  | { readonly kind: "no-range" }
  | { readonly kind: "slow"; readonly bytesPerSecond: number };

export interface Asked {
  /** "hub" has the API and small files, "store" has the large ones and another port. */
  readonly host: "hub" | "store";
  readonly method: string;
  readonly url: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

interface HubServerOptions {
  /** By path in the repository. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly repository?: string;
  readonly licence?: string;
  /** Who has no such token may see what files there are, and gets none. */
  readonly gatedFor?: string;
  /** Entries of the listing that an answer holds. */
  readonly pageSize?: number;
}

export interface HubServer {
  readonly address: string;
  readonly repository: string;
  readonly commit: string;
  /** Everything that was asked for, in order. */
  readonly asked: Asked[];
  /** By path in the repository; can be changed at any time. */
  readonly faults: Map<string, Fault>;
  /** Bytes of a file that went out, over all answers. */
  sent(path: string): number;
  close(): Promise<void>;
}

const PIECE = 64 * 1024;
const LARGE = /\.(onnx|data|onnx_data|safetensors|bin)$/;
/** As huggingface.co sends it. */
const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

const hex = (kind: "sha1" | "sha256", ...parts: (string | Uint8Array)[]): string => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

export async function startHubServer({
  files,
  repository = "studio/nano",
  licence = "cc0-1.0",
  gatedFor,
  pageSize = 1000,
}: HubServerOptions): Promise<HubServer> {
  const commit = hex("sha1", repository, ...files.keys());
  const asked: Asked[] = [];
  const faults = new Map<string, Fault>();
  const sent = new Map<string, number>();
  const entries = [...files].map(([path, bytes]) => ({
    type: "file",
    path,
    size: bytes.byteLength,
    oid: hex("sha1", `blob ${bytes.byteLength}\0`, bytes),
    ...(LARGE.test(path)
      ? { lfs: { oid: hex("sha256", bytes), size: bytes.byteLength, pointerSize: 130 } }
      : {}),
  }));
  const folders = [...new Set(entries.flatMap(({ path }) => path.split("/").slice(0, -1)))];
  const listing = [
    ...folders.map((path) => ({ type: "directory", path, size: 0, oid: hex("sha1", path) })),
    ...entries,
  ];

  const note = (host: Asked["host"], { method = "", url = "", headers }: IncomingMessage): URL => {
    const { range = null, authorization = null } = headers;
    asked.push({ host, method, url, range, authorization });
    return new URL(url, `http://${headers.host ?? ""}`);
  };

  const sendFile = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> => {
    const content = files.get(path);
    if (content === undefined) {
      fail(response, 404, "EntryNotFound");
      return;
    }
    const fault = faults.get(path);
    const left = fault !== undefined && "times" in fault ? fault.times-- : Infinity;
    const active = left > 0 ? fault : undefined;
    if (active?.kind === "status") {
      fail(response, active.status);
      return;
    }
    const asksFrom = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? NaN);
    const from = active?.kind === "no-range" || Number.isNaN(asksFrom) ? null : asksFrom;
    const body = content.subarray(from ?? 0);
    response.writeHead(from === null ? 200 : 206, {
      "Content-Type": "application/octet-stream",
      "Content-Length": body.byteLength,
      "Accept-Ranges": "bytes",
      ...(from === null
        ? {}
        : { "Content-Range": `bytes ${from}-${content.byteLength - 1}/${content.byteLength}` }),
    });
    response.flushHeaders();
    const after = active !== undefined && "after" in active ? active.after : Infinity;
    for (let at = 0; at < body.byteLength;) {
      if (response.destroyed) return;
      if (at >= after) {
        // Later than what was written, which would be lost with it.
        if (active?.kind === "break") setTimeout(() => response.destroy(), 20);
        return;
      }
      const piece = new Uint8Array(body.subarray(at, Math.min(at + PIECE, after)));
      if (active?.kind === "wrong") piece.fill(7);
      sent.set(path, (sent.get(path) ?? 0) + piece.byteLength);
      at += piece.byteLength;
      if (!response.write(piece)) await flowing(response);
      // Read anew: a test may end the slowness while the file is under way.
      const pace = faults.get(path);
      if (pace?.kind === "slow") await pause((1000 * piece.byteLength) / pace.bytesPerSecond);
    }
    response.end();
  };

  const store = createServer((request, response) => {
    const { pathname, searchParams } = note("store", request);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", EXPOSED);
    // The hosts behind huggingface.co have refused preflights of ranges (huggingface/datasets#7931).
    if (request.method !== "GET") fail(response, 403);
    // What is signed is refused with a second proof of who one is, as S3 does.
    else if (request.headers.authorization !== undefined) fail(response, 400);
    else if (searchParams.get("signature") !== "valid") fail(response, 403);
    else void sendFile(request, response, decodeURIComponent(pathname.slice(1)));
  });
  const storeAddress = await listen(store);

  const hub = createServer((request, response) => {
    const { pathname, searchParams } = note("hub", request);
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.setHeader("Access-Control-Expose-Headers", EXPOSED);
    response.setHeader("Vary", "Origin");
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Methods", "GET,HEAD");
      response.setHeader("Access-Control-Allow-Headers", "Authorization,Range");
      response.writeHead(204).end();
      return;
    }
    const token = request.headers.authorization?.replace("Bearer ", "");
    const isKnown =
      pathname.startsWith(`/api/models/${repository}/`) || pathname.startsWith(`/${repository}/`);
    if (!isKnown) {
      // To those without a token it does not say whether there is one that they may not see.
      fail(response, token === undefined ? 401 : 404, "RepoNotFound");
      return;
    }
    const [, what, revision = "", path = ""] =
      /\/(revision|tree|resolve)\/([^/]+)(?:\/(.+))?$/.exec(pathname) ?? [];
    if (revision !== "main" && revision !== commit) {
      fail(response, 404, "RevisionNotFound");
      return;
    }
    response.setHeader("X-Repo-Commit", commit);
    if (what === "revision") {
      sendJson(response, {
        _id: "0123456789",
        id: repository,
        sha: commit,
        private: false,
        gated: gatedFor === undefined ? false : "auto",
        tags: ["onnx"],
        cardData: { license: licence },
      });
    } else if (what === "tree") {
      const start = Number(searchParams.get("cursor") ?? 0);
      if (start + pageSize < listing.length) {
        const next = `http://${request.headers.host ?? ""}${pathname}?recursive=true&cursor=${start + pageSize}`;
        response.setHeader("Link", `<${next}>; rel="next"`);
      }
      sendJson(response, listing.slice(start, start + pageSize));
    } else if (gatedFor !== undefined && token !== gatedFor) {
      fail(response, token === undefined ? 401 : 403, "GatedRepo");
    } else {
      const name = decodeURIComponent(path);
      if (LARGE.test(name) && files.has(name)) {
        response.writeHead(302, {
          Location: `${storeAddress}/${path}?signature=valid`,
          "X-Linked-Size": files.get(name)?.byteLength,
        });
        response.end();
      } else void sendFile(request, response, name);
    }
  });
  const address = await listen(hub);
  return {
    address,
    repository,
    commit,
    asked,
    faults,
    sent: (path) => sent.get(path) ?? 0,
    close: async () => {
      await Promise.all([hub, store].map(closeServer));
    },
  };
}

function fail(response: ServerResponse, status: number, code?: string): void {
  if (code !== undefined) response.setHeader("X-Error-Code", code);
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: code ?? "Refused." }));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

/** Until the other side has taken what was written, or is gone. */
function flowing(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Connections that are kept open would keep the server. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
