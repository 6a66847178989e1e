/** @file Files in a real cache: kept in passing, asked for once, replaced by a new version. */
import { afterEach, describe, expect, it } from "vitest";
import { KeptFiles, type ListedFile } from "./kept-files.ts";

const BASE = "https://studio.example/app/";
const CACHE = "test-kept-files";
const LISTED: readonly ListedFile[] = [
  { url: "models/a.onnx", revision: "1" },
  { url: "assets/b-hash0001.js", revision: null },
];
const COMPUTING: ListedFile = { url: "assets/c.relaxed-hash0001.wasm", revision: null };

afterEach(() => caches.delete(CACHE));

/** A server that counts. */
function server(status = 200) {
  const asked: string[] = [];
  const answer = (request: Request): Promise<Response> => {
    asked.push(new URL(request.url).pathname);
    return Promise.resolve(new Response(`file ${asked.length}`, { status }));
  };
  return { asked, answer };
}

/** What a fetch event would do. */
async function ask(files: KeptFiles, path: string, init?: RequestInit): Promise<Response | null> {
  const work: Promise<unknown>[] = [];
  const response = await files.respond(new Request(new URL(path, BASE), init), (promise) =>
    work.push(promise),
  );
  await Promise.all(work);
  return response;
}

describe("kept files", () => {
  it("are kept when they are first used, and then come from the cache, whatever the query", async () => {
    const { asked, answer } = server();
    const files = new KeptFiles(LISTED, BASE, CACHE, answer);
    expect(await (await ask(files, "models/a.onnx"))?.text()).toBe("file 1");
    expect(await (await ask(files, "models/a.onnx?x=1"))?.text()).toBe("file 1");
    expect(asked).toEqual(["/app/models/a.onnx"]);
    expect(await files.missing()).toEqual([`${BASE}assets/b-hash0001.js`]);
  });

  it("are not asked for twice while they are on their way", async () => {
    const { asked, answer } = server();
    const files = new KeptFiles(LISTED, BASE, CACHE, answer);
    const keeping = files.keep(`${BASE}models/a.onnx`);
    expect(await (await ask(files, "models/a.onnx"))?.text()).toBe("file 1");
    await keeping;
    expect(asked).toHaveLength(1);
  });

  it("leave other addresses to others", async () => {
    const { asked, answer } = server();
    const files = new KeptFiles(LISTED, BASE, CACHE, answer);
    expect(await ask(files, "index.html")).toBeNull();
    expect(asked).toEqual([]);
  });

  it("answer ranges from the whole file", async () => {
    const files = new KeptFiles(LISTED, BASE, CACHE, server().answer);
    await files.keep(`${BASE}models/a.onnx`);
    const part = await ask(files, "models/a.onnx", { headers: { Range: "bytes=0-3" } });
    expect(part?.status).toBe(206);
    expect(await part?.text()).toBe("file");
  });

  it("do not keep an error", async () => {
    const files = new KeptFiles(LISTED, BASE, CACHE, server(503).answer);
    expect((await ask(files, "models/a.onnx"))?.status).toBe(503);
    await expect(files.keep(`${BASE}models/a.onnx`)).rejects.toThrow("status 503");
    expect(await files.missing()).toHaveLength(2);
  });

  it("of several ways of computing are the one that is used, and its next version", async () => {
    const others = { url: "assets/c-hash0001.wasm", revision: null };
    const files = new KeptFiles([...LISTED, COMPUTING, others], BASE, CACHE, server().answer);
    expect(files.count).toBe(2);
    expect(await files.missing()).toHaveLength(2);
    await ask(files, COMPUTING.url);
    const newer = [COMPUTING, others].map(({ url }) => ({
      url: url.replace("hash0001", "hash0002"),
      revision: null,
    }));
    const next = new KeptFiles(newer, BASE, CACHE, server().answer);
    expect(await next.missing()).toEqual([`${BASE}assets/c.relaxed-hash0002.wasm`]);
  });

  it("stay through a new version where they have not changed, and go where they have", async () => {
    const first = server();
    const old = new KeptFiles(LISTED, BASE, CACHE, first.answer);
    await old.keepAll();
    const changed = LISTED.map((file) =>
      file.revision === null ? file : { ...file, revision: "2" },
    );
    const second = server();
    const next = new KeptFiles(changed, BASE, CACHE, second.answer);
    expect(await next.missing()).toEqual([`${BASE}models/a.onnx`]);
    await next.keep(`${BASE}models/a.onnx`);
    // Until the new version takes over, the old one still has its own.
    expect(await old.missing()).toEqual([]);
    await next.clean();
    expect(await old.missing()).toEqual([`${BASE}models/a.onnx`]);
    expect(await next.missing()).toEqual([]);
  });
});
