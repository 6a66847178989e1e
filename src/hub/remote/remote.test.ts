/**
 * @file Models from a server that answers as Hugging Face does, over the nano model's real files: what is found and
 * downloaded, gone on with after every kind of failure, and said where it cannot be.
 */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Fault, type HubServer, startHubServer } from "../../../tests/support/hub-server.ts";
import { memoryStore } from "../../../tests/support/memory-store.ts";
import { nanoFileMap } from "../../../tests/support/nano-files.ts";
import { readModelAddress } from "../../core/model-address.ts";
import type { Connection, Patience } from "./connection.ts";
import { downloadFiles, type DownloadProgress } from "./download.ts";
import { readRemoteModel } from "./remote-model.ts";

const WEIGHTS = "unet/model.onnx.data";
const LARGE = "clip/image_encoder.onnx";
const PATIENCE: Patience = { silence: 300, pauses: [1, 1, 1] };
const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 5);

let nano: Map<string, Uint8Array>;
let server: HubServer;

beforeAll(async () => {
  nano = new Map([...(await nanoFileMap("dynamo")), [LARGE, large]]);
});

afterEach(() => server.close());

async function start(
  changes: Readonly<Record<string, string | Uint8Array | null>> = {},
  options: Partial<Parameters<typeof startHubServer>[0]> = {},
): Promise<void> {
  const files = new Map(nano);
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) files.delete(path);
    else files.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
  server = await startHubServer({ files, ...options });
}

function connect(changes: Partial<Connection> & { readonly revision?: string } = {}): Connection {
  const { revision, ...others } = changes;
  const address = readModelAddress({
    repository: server.repository,
    server: server.address,
    revision: revision ?? null,
  });
  return {
    address,
    token: null,
    signal: new AbortController().signal,
    patience: PATIENCE,
    ...others,
  };
}

async function download(
  connection = connect(),
  store = memoryStore(),
  onProgress: (progress: DownloadProgress) => void = () => undefined,
) {
  const stored = (path: string) => Promise.resolve(store.stored.get(path) ?? null);
  const model = await readRemoteModel(connection, stored);
  const fetched = await downloadFiles(connection, model, store.open, onProgress);
  return { model, store, fetched };
}

/** Megabytes are compared at once, not value by value. */
function expectAll(stored: ReadonlyMap<string, Uint8Array>, expected = nano): void {
  expect([...stored.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, bytes] of expected) {
    expect(Buffer.compare(stored.get(path)!, bytes), path).toBe(0);
  }
}

const rangesOf = (path: string) =>
  server.asked.filter(({ url }) => url.includes(`${path}?signature`)).map(({ range }) => range);

describe("a model's repository", () => {
  it("is looked at: what is needed, its licence, and what is known of it before it is downloaded", async () => {
    await start({
      "README.md": "# Nano",
      "safety_checker/model.onnx": "not needed",
      "unet/diffusion_pytorch_model.safetensors": "not needed",
      "photo.jpg": "not needed",
    });
    const model = await readRemoteModel(connect());
    expect(model).toMatchObject({
      licence: "cc0-1.0",
      gated: false,
      ignored: 3,
      commit: server.commit,
    });
    expect(model.files.map(({ path }) => path).sort()).toEqual(
      [...nano.keys(), "README.md"].sort(),
    );
    expect(model.bytes).toBe(
      [...nano.values()].reduce((sum, { byteLength }) => sum + byteLength, 6),
    );
    const unet = nano.get("unet/model.onnx")!.byteLength + nano.get(WEIGHTS)!.byteLength;
    expect(model.facts).toMatchObject({
      bytes: model.bytes,
      unetWeightBytes: unet,
      halfPrecision: false,
    });
    expect(model.facts.unetConfig).toMatchObject({ cross_attention_dim: 16 });
    // Nothing large was downloaded for that.
    expect(server.sent(WEIGHTS)).toBe(0);
    expect(server.sent(LARGE)).toBe(0);
  });

  it("is listed over several pages, and may keep the model in a folder", async () => {
    const inside = new Map([...nano].map(([path, bytes]) => [`onnx/${path}`, bytes]));
    inside.set("README.md", new Uint8Array(5));
    server = await startHubServer({ files: inside, pageSize: 4 });
    const { store } = await download();
    expectAll(store.stored);
    const pages = server.asked.filter(({ url }) => url.includes("/tree/"));
    expect(pages.length).toBeGreaterThan(4);
  });

  it("is downloaded whole, with progress of each file and of all", async () => {
    await start();
    const heard: DownloadProgress[] = [];
    const { model, store, fetched } = await download(connect(), memoryStore(), (p) =>
      heard.push(p),
    );
    expectAll(store.stored);
    expect(store.finished.size).toBe(nano.size);
    for (const { path, bytes } of model.files) {
      expect(heard).toContainEqual(
        expect.objectContaining({ path, fileLoaded: bytes, fileTotal: bytes }),
      );
    }
    expect(heard.at(-1)).toMatchObject({ loaded: model.bytes, total: model.bytes, waiting: false });
    // Graphs and configurations that were read for the look are not fetched a second time.
    for (const [path, bytes] of nano) expect(server.sent(path), path).toBe(bytes.byteLength);
    expect(fetched).toBeLessThan(model.bytes);
  });

  it("may have the tokenizer's two older files", async () => {
    const { readFile } = await import("node:fs/promises");
    const older = async (name: string): Promise<Uint8Array> =>
      readFile(new URL(`../../../public/models/toybox-256/tokenizer/${name}`, import.meta.url));
    await start({
      "tokenizer/tokenizer.json": null,
      "tokenizer/vocab.json": await older("vocab.json"),
      "tokenizer/merges.txt": await older("merges.txt"),
    });
    const { store } = await download();
    const json = (bytes: Uint8Array | undefined): unknown =>
      JSON.parse(new TextDecoder().decode(bytes));
    expect(json(store.stored.get("tokenizer/tokenizer.json"))).toEqual(
      json(nano.get("tokenizer/tokenizer.json")),
    );
    expect(store.stored.has("tokenizer/vocab.json")).toBe(false);
  });
});

describe("a download that is interrupted", () => {
  it("goes on from the first byte that is missing, of the commit it began with", async () => {
    await start();
    server.faults.set(LARGE, { kind: "slow", bytesPerSecond: 5e6 });
    const store = memoryStore();
    const controller = new AbortController();
    const stopped = download(
      connect({ signal: controller.signal }),
      store,
      ({ path, fileLoaded }) => {
        if (path === LARGE && fileLoaded > 0) controller.abort();
      },
    );
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const here = store.stored.get(LARGE)!.byteLength;
    expect(here).toBeGreaterThan(0);
    expect(here).toBeLessThan(large.byteLength);
    const before = server.asked.length;
    const { fetched, model } = await download(connect({ revision: server.commit }), store);
    expectAll(store.stored);
    expect(rangesOf(LARGE)).toEqual([null, `bytes=${here}-`]);
    const again = server.asked.slice(before).filter(({ host }) => host === "store");
    const missing = model.files.filter(({ path }) => path === LARGE || path === WEIGHTS);
    expect(again.length).toBeLessThanOrEqual(missing.length);
    expect(fetched).toBeLessThan(model.bytes - here);
  });

  it.each<[string, Fault, readonly (string | null)[]]>([
    ["breaks off", { kind: "break", after: 1_000_000, times: 1 }, [null, "bytes="]],
    [
      "breaks off again and again, but gets on",
      { kind: "break", after: 400_000, times: 6 },
      [null, ...Array<string>(6).fill("bytes=")],
    ],
    ["falls silent", { kind: "silence", after: 500_000, times: 1 }, [null, "bytes="]],
    ["meets a busy server", { kind: "status", status: 429, times: 2 }, [null, null, null]],
    ["meets a signature that has run out", { kind: "status", status: 403, times: 1 }, [null, null]],
    ["meets a server in trouble", { kind: "status", status: 503, times: 1 }, [null, null]],
  ])("goes on by itself where it %s", async (_, fault, ranges) => {
    await start();
    server.faults.set(LARGE, { ...fault });
    const waiting: boolean[] = [];
    const { store } = await download(connect(), memoryStore(), (p) => waiting.push(p.waiting));
    expectAll(store.stored);
    const asked = rangesOf(LARGE).map((range) => range?.replace(/\d+-$/, "") ?? null);
    expect(asked).toEqual(ranges);
    expect(waiting).toContain(true);
    expect(waiting.at(-1)).toBe(false);
  });

  it("gets through servers that ignore ranges", async () => {
    await start();
    const store = memoryStore();
    store.stored.set(LARGE, large.slice(0, 1_234_567));
    server.faults.set(LARGE, { kind: "no-range" });
    await download(connect(), store);
    expectAll(store.stored);
    expect(rangesOf(LARGE)).toEqual(["bytes=1234567-"]);
    expect(server.sent(LARGE)).toBe(large.byteLength);
  });

  it("starts a file anew that was of another version", async () => {
    await start();
    const store = memoryStore();
    store.stored.set(LARGE, new Uint8Array(1000).fill(9));
    await download(connect(), store);
    expectAll(store.stored);
    expect(rangesOf(LARGE)).toEqual(["bytes=1000-", null]);
  });

  it.each<[string, Fault, RegExp]>([
    [
      "always breaks off",
      { kind: "break", after: 0, times: Infinity },
      /broke off again and again\. What was downloaded is kept/,
    ],
    [
      "is always silent",
      { kind: "silence", after: 0, times: Infinity },
      /broke off again and again/,
    ],
    [
      "is always refused by the second host",
      { kind: "status", status: 403, times: Infinity },
      /where 127\.0\.0\.1:\d+ keeps large files, refuses them \(status 403\)/,
    ],
    [
      "meets a server that is always in trouble",
      { kind: "status", status: 500, times: Infinity },
      /has trouble \(status 500\)/,
    ],
  ])("ends with a sentence where it %s, and loses nothing", async (_, fault, sentence) => {
    await start();
    const store = memoryStore();
    server.faults.set(LARGE, { ...fault });
    await expect(download(connect(), store)).rejects.toThrow(sentence);
    expect(rangesOf(LARGE)).toHaveLength(1 + PATIENCE.pauses.length);
    server.faults.clear();
    const sent = server.sent(WEIGHTS);
    await download(connect(), store);
    expectAll(store.stored);
    expect(server.sent(WEIGHTS)).toBe(sent === 0 ? nano.get(WEIGHTS)!.byteLength : sent);
  });
});

describe("a file with other bytes than its repository says", () => {
  it.each([LARGE, "tokenizer/tokenizer_config.json"])(
    "is thrown away, and nothing else: %s",
    async (path) => {
      await start();
      const store = memoryStore();
      server.faults.set(path, { kind: "wrong", times: 1 });
      await expect(download(connect(), store)).rejects.toThrow(
        `"${path}" of "studio/nano" is not what its repository says it is (its hash differs)`,
      );
      expect(store.stored.has(path)).toBe(false);
      const kept = store.stored.size;
      expect(kept).toBeGreaterThan(0);
      await download(connect(), store);
      expectAll(store.stored);
    },
  );

  it("is noticed before it is read as a graph", async () => {
    await start();
    server.faults.set("unet/model.onnx", { kind: "wrong", times: 1 });
    await expect(readRemoteModel(connect())).rejects.toThrow(
      /"unet\/model\.onnx" .* \(its hash differs\); try again/,
    );
  });
});

describe("an access token", () => {
  it("opens a gated repository, and is not sent on to another host", async () => {
    await start({}, { gatedFor: "hf_right" });
    const { store, model } = await download(connect({ token: "hf_right" }));
    expectAll(store.stored);
    expect(model.gated).toBe(true);
    const ofHub = server.asked.filter(({ host }) => host === "hub");
    expect(new Set(ofHub.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer hf_right"]),
    );
    const ofStore = server.asked.filter(({ host }) => host === "store");
    expect(ofStore.length).toBeGreaterThan(4);
    expect(new Set(ofStore.map(({ authorization }) => authorization))).toEqual(new Set([null]));
    expect(JSON.stringify(server.asked.map(({ url }) => url))).not.toContain("hf_right");
  });

  it("is asked for, or refused, with what to do", async () => {
    await start({}, { gatedFor: "hf_right" });
    await expect(readRemoteModel(connect())).rejects.toThrow(
      /is given to those who accept its licence: .*127\.0\.0\.1:\d+\/studio\/nano\), then give an access token/,
    );
    const error: unknown = await readRemoteModel(connect({ token: "hf_wrong" })).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: "download-failed" });
    expect(String(error)).toMatch(/is not given to the owner of this access token/);
    expect(String(error)).not.toContain("hf_wrong");
  });
});

describe("what cannot be downloaded", () => {
  const at = (repository: string) => readModelAddress({ repository, server: server.address });

  it("is said: no such model, no such revision, no such server", async () => {
    await start();
    const nowhere = at("studio/nowhere");
    await expect(readRemoteModel(connect({ address: nowhere }))).rejects.toThrow(
      /has no public model "studio\/nowhere"; check the name, or give an access token/,
    );
    await expect(readRemoteModel(connect({ address: nowhere, token: "hf_x" }))).rejects.toThrow(
      /has no model "studio\/nowhere" with a revision "main"; check both/,
    );
    await expect(readRemoteModel(connect({ revision: "v9" }))).rejects.toThrow(
      '"studio/nano" has no revision "v9"',
    );
    const gone = readModelAddress({ repository: "studio/nano", server: "http://127.0.0.1:9" });
    await expect(readRemoteModel(connect({ address: gone }))).rejects.toThrow(
      "127.0.0.1:9 could not be reached; check the connection",
    );
  });

  it.each<[string, Readonly<Record<string, string | null>>, RegExp]>([
    ["a part", { "vae_decoder/model.onnx": null }, /no vae_decoder\/model\.onnx/],
    [
      "weights",
      { [WEIGHTS]: null, "unet/other.data": "x" },
      /keeps its weights in unet\/model\.onnx\.data/,
    ],
    ["all of a file", { [WEIGHTS]: "abc" }, /is cut short: it has 3 of at least/],
    [
      "anything in a file",
      { "unet/config.json": "" },
      /"unet\/config\.json" of "studio\/nano" is empty/,
    ],
  ])("is said where the repository lacks %s", async (_, changes, sentence) => {
    await start(changes);
    await expect(readRemoteModel(connect())).rejects.toThrow(sentence);
  });

  it("is said where the repository holds no diffusion model, or paths that lead elsewhere", async () => {
    server = await startHubServer({ files: new Map([["model.onnx", new Uint8Array(3)]]) });
    await expect(readRemoteModel(connect())).rejects.toThrow(/has no folder "unet"/);
    await server.close();
    const outside = new Map([...nano, ["unet/../../.profile", new Uint8Array(3)]]);
    server = await startHubServer({ files: outside });
    const { files } = await readRemoteModel(connect());
    expect(files.map(({ remotePath }) => remotePath).join()).not.toContain("..");
  });

  it("is said where a server answers with something else", async () => {
    await start();
    const address = readModelAddress({ repository: "resolve/main", server: `${server.address}/x` });
    await expect(readRemoteModel(connect({ address }))).rejects.toMatchObject({
      code: "download-failed",
    });
  });
});
