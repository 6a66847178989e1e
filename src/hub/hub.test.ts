/** @file A model's files from disk and over HTTP: whole, in ranges, missing, broken off. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchedFiles } from "./fetch-files.ts";
import { folderFiles } from "./folder-files.ts";
import { externalReader, type ModelFiles, readJson, readRequired } from "./model-files.ts";

const nano = new URL("../../tests/fixtures/nano", import.meta.url).pathname;
const body = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
let server: Server;
let http: ModelFiles;

beforeAll(async () => {
  server = createServer((request, response) => {
    switch (request.url) {
      case "/m/weights.bin":
        response.writeHead(200, { "content-length": body.length });
        response.end(body);
        return;
      case "/m/broken.bin":
        response.writeHead(200, { "content-length": body.length });
        response.write(body.subarray(0, 5000));
        setTimeout(() => response.destroy(), 20);
        return;
      case "/m/page":
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<!doctype html>");
        return;
      case "/m/config.json":
        response.end("{ not json");
        return;
      case "/m/forbidden":
        response.writeHead(403);
        response.end();
        return;
      default:
        response.writeHead(404);
        response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  http = fetchedFiles(`http://127.0.0.1:${(server.address() as AddressInfo).port}/m/`);
});

afterAll(() => {
  server.close();
});

describe("over HTTP", () => {
  it("reads whole files with progress, and ranges", async () => {
    const heard: number[] = [];
    const bytes = await http.read("weights.bin", (loaded, total) => {
      expect(total).toBe(body.length);
      heard.push(loaded);
    });
    expect(bytes).toEqual(body);
    expect(heard.at(-1)).toBe(body.length);
    expect(await http.range("weights.bin", 300, 20)).toEqual(body.subarray(300, 320));
    expect((await http.range("weights.bin", body.length - 5, 20))?.length).toBe(5);
  });

  it("has no file where the server has none, or answers with its page", async () => {
    expect(await http.read("nothing")).toBeNull();
    expect(await http.read("page")).toBeNull();
    expect(await http.range("nothing", 0, 1)).toBeNull();
  });

  it("says what went wrong", async () => {
    await expect(http.read("forbidden")).rejects.toThrow(
      'Fetching "forbidden" failed with status 403',
    );
    await expect(http.read("broken.bin")).rejects.toMatchObject({ code: "download-failed" });
    await expect(readJson(http, "config.json")).rejects.toThrow('"config.json" is not valid JSON');
    await expect(readRequired(http, "unet/model.onnx")).rejects.toThrow(
      'The model has no file "unet/model.onnx"',
    );
    const gone = fetchedFiles("http://127.0.0.1:9/m/");
    await expect(gone.read("x")).rejects.toThrow("could not be fetched; check the connection");
  });
});

describe("from a folder", () => {
  it("reads whole files and ranges", async () => {
    const files = folderFiles(nano);
    const whole = (await files.read("unet.json"))!;
    expect(await readJson(files, "unet.json")).toMatchObject({
      _class_name: "UNet2DConditionModel",
    });
    const read = externalReader(files, ".");
    expect([...(await read("unet.json", 2, 10))!]).toEqual([...whole.subarray(2, 12)]);
    expect(await read("missing", 0, 1)).toBeNull();
    expect(await files.read("missing")).toBeNull();
  });
});
