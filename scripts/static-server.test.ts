/** @file The static server: types and headers, validators, and no way out of its folder. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStaticServer } from "./static-server.mjs";

let base: string;
let server: Server;

beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), "static-server-"));
  const root = path.join(base, "served");
  mkdirSync(path.join(root, "assets"), { recursive: true });
  mkdirSync(path.join(base, "served-not"));
  writeFileSync(path.join(root, "index.html"), "<p>home</p>");
  writeFileSync(path.join(root, ".sources"), "hidden");
  writeFileSync(path.join(root, "assets", "a-1234.wasm"), "wasm");
  writeFileSync(path.join(root, "model.onnx"), "onnx");
  writeFileSync(path.join(base, "secret.txt"), "secret");
  writeFileSync(path.join(base, "served-not", "secret.txt"), "secret");
  symlinkSync(path.join(base, "secret.txt"), path.join(root, "link.txt"));
  server = await createStaticServer(root);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
  rmSync(base, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** By node:http, since fetch would tidy the path up before it sends it. */
function ask(
  target: string,
  method = "GET",
  headers: Record<string, string> = {},
): Promise<Answer> {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the server is not listening");
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: address.port, path: target, method, headers };
    request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    })
      .on("error", reject)
      .end();
  });
}

describe("the static server", () => {
  it.each([
    ["/", "text/html; charset=utf-8", "<p>home</p>"],
    ["/index.html?model=nope", "text/html; charset=utf-8", "<p>home</p>"],
    ["/assets/a-1234.wasm", "application/wasm", "wasm"],
    ["/assets/%61-1234.wasm", "application/wasm", "wasm"],
    ["/model.onnx", "application/octet-stream", "onnx"],
  ])("serves %s as %s", async (target, type, body) => {
    const answer = await ask(target);
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers).toMatchObject({
      "content-type": type,
      "content-length": String(body.length),
    });
  });

  it.each(["/", "/missing", "/assets/a-1234.wasm"])("isolates the page: %s", async (target) => {
    expect((await ask(target)).headers).toMatchObject({
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
    });
  });

  it.each([
    "/missing",
    "/assets",
    "/assets/",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..%5csecret.txt",
    "/../served-not/secret.txt",
    "//etc/passwd",
    "/link.txt",
    "/.sources",
    "/index.html%00.txt",
    "/%",
  ])("finds nothing at %s", async (target) => {
    expect(await ask(target)).toMatchObject({ status: 404, body: "Not found\n" });
  });

  it("keeps hashed assets for good, and asks again about everything else", async () => {
    const asset = await ask("/assets/a-1234.wasm");
    expect(asset.headers["cache-control"]).toContain("immutable");
    const page = await ask("/");
    expect(page.headers["cache-control"]).toBe("no-cache");
    const again = await ask("/", "GET", { "If-None-Match": String(page.headers.etag) });
    expect(again).toMatchObject({ status: 304, body: "" });
  });

  it("answers HEAD without a body, and refuses to be written to", async () => {
    const head = await ask("/", "HEAD");
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe("11");
    expect(await ask("/", "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });
});
