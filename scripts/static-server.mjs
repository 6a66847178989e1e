/** @file A static file server for the built app: one folder, isolation headers, nothing outside it. */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { isolationHeaders } from "./isolation-headers.mjs";

/** @type {Readonly<Record<string, string>>} */
const CONTENT_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  // .onnx, .onnx_data, .safetensors and whatever else is only bytes to a browser
  "": "application/octet-stream",
};

/**
 * The file under `root` a request names, or null: a bad escape, a hidden name, or a way out of
 * `root` (by `..` or by a symbolic link) finds nothing, like a file that is not there.
 * @param {string} root an absolute path without symbolic links
 * @param {string} target the request's path and query
 * @returns {Promise<string | null>}
 */
async function resolveFile(root, target) {
  let pathname;
  try {
    pathname = decodeURIComponent(target.replace(/[?#].*$/s, ""));
  } catch {
    return null;
  }
  const parts = pathname.split("/").filter((part) => part !== "");
  if (parts.some((part) => part.startsWith(".") || /[\\\0]/.test(part))) return null;
  if (pathname.endsWith("/")) parts.push("index.html");
  try {
    const file = await realpath(path.join(root, ...parts));
    const inside = file.startsWith(root + path.sep);
    return inside && (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} folder what to serve
 * @returns {Promise<import("node:http").Server>} not yet listening
 */
export async function createStaticServer(folder) {
  const root = await realpath(folder);
  return createServer((request, response) => {
    answer(root, request, response).catch(() => response.destroy());
  });
}

/**
 * @param {string} root
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function answer(root, request, response) {
  for (const [name, value] of Object.entries(isolationHeaders)) response.setHeader(name, value);
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
    return;
  }
  const target = request.url ?? "/";
  const file = await resolveFile(root, target);
  if (file === null) {
    response.writeHead(404, { "Content-Type": CONTENT_TYPES[".txt"] }).end("Not found\n");
    return;
  }
  const { size, mtimeMs } = await stat(file);
  const tag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
  response.setHeader("ETag", tag);
  // Vite puts a hash of the content in every name under assets/; all else is asked for again.
  const hashed = target.startsWith("/assets/");
  response.setHeader("Cache-Control", hashed ? "max-age=31536000, immutable" : "no-cache");
  if (request.headers["if-none-match"] === tag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader("Content-Length", size);
  response.setHeader(
    "Content-Type",
    CONTENT_TYPES[path.extname(file)] ?? String(CONTENT_TYPES[""]),
  );
  response.writeHead(200);
  if (request.method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}
