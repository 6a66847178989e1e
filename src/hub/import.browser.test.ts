/**
 * @file Models of this browser's store, in its real file system and database: imported from a folder, interrupted and
 * gone on with, checked, refused and removed.
 */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { nanoDiffusersFiles } from "../../tests/support/diffusers-files.ts";
import { nanoFileMap, nanoFiles } from "../../tests/support/nano-files.ts";
import { smallModel } from "../../tests/support/small-checkpoint.ts";
import { CHUNK_BYTES } from "../core/stored-file.ts";
import { findModel } from "../engine/find-model.ts";
import { readModel } from "../engine/model/read-model.ts";
import { connectHub } from "../rpc/hub-client.ts";
import type { ChosenFile, HubApi, ImportProgress } from "../rpc/hub-contract.ts";
import { type ModelRecord, models } from "../storage/models.ts";
import { openFile, removeFromOpfs } from "./opfs-files.ts";

const MODEL = "unet/model.onnx.data";
const hub: HubApi = connectHub(
  () => new Worker(new URL("../../workers/hub.worker.ts", import.meta.url), { type: "module" }),
);
let nano: Map<string, Uint8Array>;
const ignore = (): void => undefined;

function folder(
  changes: Readonly<Record<string, Uint8Array | string | null>> = {},
  name = "Nano (test)",
): ChosenFile[] {
  const all = new Map<string, Uint8Array | string | null>([...nano, ...Object.entries(changes)]);
  return [...all].flatMap(([path, content]) => {
    if (content === null) return [];
    const bytes = typeof content === "string" ? content : content.slice();
    return [{ path: `${name}/${path}`, file: new File([bytes], path.split("/").at(-1) ?? "") }];
  });
}

/** Megabytes are compared at once, not value by value. */
function isSame(read: Uint8Array | null, expected: Uint8Array | undefined): boolean {
  return read?.length === expected?.length && !!expected?.every((byte, i) => byte === read?.[i]);
}

async function only(): Promise<ModelRecord> {
  const { records } = await models.list();
  expect(records).toHaveLength(1);
  return records[0]!;
}

async function overwrite(id: string, path: string, at: number, byte: number): Promise<void> {
  const stream = await (
    await openFile(id, path, { create: false })
  ).createWritable({
    keepExistingData: true,
  });
  await stream.write({ type: "write", position: at, data: Uint8Array.of(byte) });
  await stream.close();
}

beforeAll(async () => {
  nano = await nanoFileMap("dynamo");
  for (const id of await models.ids()) await models.remove(id);
});

afterEach(async () => {
  for (const id of await models.ids()) {
    await removeFromOpfs(id);
    await models.remove(id);
  }
});

describe("a whole folder", () => {
  it("is reviewed, imported with progress, and read by the engine", async () => {
    const files = folder({
      "README.md": "---\nlicense: cc0-1.0\n---\n",
      ".git/HEAD": "ref",
      "unet/diffusion_pytorch_model.safetensors": "not needed",
    });
    const review = await hub.reviewFolder(files);
    expect(review).toMatchObject({
      name: "Nano (test)",
      licence: "cc0-1.0",
      ignored: 2,
      stored: 0,
    });
    const heard: ImportProgress[] = [];
    const id = await hub.importFolder(files, (progress) => heard.push(progress));
    expect(id).toBe("nano-test");
    await expect.poll(() => heard.at(-1)).toMatchObject({ stage: "check", loaded: review.bytes });
    expect(heard.filter(({ stage }) => stage === "copy").at(-1)?.loaded).toBe(review.bytes);

    const record = await only();
    expect(record).toMatchObject({ id, state: "ready", licence: "cc0-1.0" });
    expect(record.files.map(({ path }) => path)).not.toContain(".git/HEAD");
    const { name, files: stored } = await findModel(id, location.href);
    expect(name).toBe("Nano (test)");
    expect(isSame(await stored.read(MODEL), nano.get(MODEL))).toBe(true);
    const model = await readModel(id, stored);
    expect(model.unet.blocks).toBeGreaterThan(0);
    expect(await hub.checkModel(id, ignore)).toEqual([]);

    await hub.removeModel(id);
    expect(await models.ids()).toEqual([]);
    expect(await stored.read("unet/never-read.json")).toBeNull();
    await expect(findModel(id, location.href)).rejects.toMatchObject({ code: "model-not-found" });
  });

  it("is not taken twice, but another of the same name is", async () => {
    await hub.importFolder(folder(), ignore);
    await expect(hub.importFolder(folder(), ignore)).rejects.toThrow(/is here already/);
    const other = folder({ "studio.json": '{"initializerTokens":[{"id":1}],"license":"mine"}' });
    expect((await hub.reviewFolder(other)).licence).toBe("mine");
    expect(await hub.importFolder(other, ignore)).toBe("nano-test-2");
  });

  it("may have the tokenizer's two older files", async () => {
    const read = async (name: string): Promise<string> =>
      (await fetch(`/public/models/toybox-256/tokenizer/${name}`)).text();
    const older = folder({
      "tokenizer/tokenizer.json": null,
      "tokenizer/vocab.json": await read("vocab.json"),
      "tokenizer/merges.txt": await read("merges.txt"),
    });
    const id = await hub.importFolder(older, ignore);
    const { files } = await findModel(id, location.href);
    const made = new TextDecoder().decode((await files.read("tokenizer/tokenizer.json"))!);
    const own = new TextDecoder().decode(nano.get("tokenizer/tokenizer.json"));
    expect(JSON.parse(made)).toEqual(JSON.parse(own));
  });
});

describe("an import that is interrupted", () => {
  it("is never ready, and goes on without copying again what is there", async () => {
    const heard: ImportProgress[] = [];
    const stopped = hub.importFolder(folder(), (progress) => {
      if (heard.push(progress) === 1) void hub.cancel();
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const before = await only();
    expect(before.state).toBe("importing");
    await expect(findModel(before.id, location.href)).rejects.toThrow(/is not complete/);
    const first = before.files[0]!;
    expect(first.chunks).toHaveLength(1);
    const { lastModified } = await (
      await openFile(before.id, first.path, { create: false })
    ).getFile();

    expect((await hub.reviewFolder(folder())).stored).toBeGreaterThan(0);
    expect(await hub.importFolder(folder(), ignore)).toBe(before.id);
    expect(await only()).toMatchObject({ state: "ready" });
    const after = await (await openFile(before.id, first.path, { create: false })).getFile();
    expect(after.lastModified).toBe(lastModified);
  });

  it("goes on inside a large file", async () => {
    const large = Uint8Array.from({ length: 2.5 * CHUNK_BYTES }, (_, i) => i % 253);
    const path = "clip/image_encoder.onnx";
    const files = folder({ [path]: large });
    let cancelled = false;
    const stopped = hub.importFolder(files, (progress) => {
      if (progress.path !== path || cancelled) return;
      cancelled = true;
      void hub.cancel();
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const { id, files: before } = await only();
    const stored = before.find((file) => file.path === path)?.chunks.length ?? 0;
    expect(stored).toBeGreaterThan(0);
    await hub.importFolder(files, ignore);
    const { files: found } = await findModel(id, location.href);
    expect(isSame(await found.read(path), large)).toBe(true);
    expect((await only()).files.find((file) => file.path === path)?.chunks).toHaveLength(3);
  });

  it("copies again what is not the same any more", async () => {
    const id = await hub.importFolder(folder(), ignore);
    await models.update(id, (record) => ({ ...record, state: "importing" }));
    const changed = nano.get(MODEL)!.slice();
    changed[100] = changed[100]! ^ 1;
    expect(await hub.importFolder(folder({ [MODEL]: changed }), ignore)).toBe(id);
    const { files } = await findModel(id, location.href);
    expect(isSame(await files.read(MODEL), changed)).toBe(true);
  });

  it("drops files that the folder no longer has", async () => {
    const id = await hub.importFolder(folder({ "README.md": "# Nano" }), ignore);
    await models.update(id, (record) => ({ ...record, state: "importing" }));
    await hub.importFolder(folder(), ignore);
    const { files } = await findModel(id, location.href);
    expect(await files.read("README.md")).toBeNull();
  });
});

describe("a damaged file", () => {
  it("is found, keeps the model from being opened, and is repaired from the folder", async () => {
    const id = await hub.importFolder(folder(), ignore);
    const good = nano.get(MODEL)![100]!;
    await overwrite(id, MODEL, 100, good ^ 1);
    expect(await hub.checkModel(id, ignore)).toEqual([MODEL]);
    await expect(findModel(id, location.href)).rejects.toThrow(/is not complete/);
    await hub.importFolder(folder(), ignore);
    expect(await hub.checkModel(id, ignore)).toEqual([]);
    const { files } = await findModel(id, location.href);
    expect(isSame(await files.read(MODEL), nano.get(MODEL))).toBe(true);
  });

  it("is found where it is gone", async () => {
    const id = await hub.importFolder(folder(), ignore);
    await removeFromOpfs(id, "vae_decoder/model.onnx");
    expect(await hub.checkModel(id, ignore)).toEqual(["vae_decoder/model.onnx"]);
  });
});

/** What a person chooses: files of a folder, or one file. */
const chosen = (files: ReadonlyMap<string, Uint8Array>, before: string): ChosenFile[] =>
  [...files].map(([path, bytes]) => ({ path: before + path, file: new Blob([bytes.slice()]) }));

describe("weights without ONNX files", () => {
  it("are imported as a folder of safetensors, and read by the engine", async () => {
    const files = chosen(await nanoDiffusersFiles(), "nano-safetensors/");
    const id = await hub.importFolder(files, ignore);
    const { files: stored } = await findModel(id, location.href);
    const model = await readModel(id, stored);
    const exported = await readModel("nano", await nanoFiles("dynamo"));
    expect(model.fingerprint).toBe(exported.fingerprint);
  });

  it("are imported as one file, which gets its configurations and tokenizer", async () => {
    const { checkpoint } = await smallModel();
    const id = await hub.importFolder(
      chosen(new Map([["dream.safetensors", checkpoint]]), ""),
      ignore,
    );
    expect((await only()).name).toBe("dream");
    const { files: stored } = await findModel(id, location.href);
    const model = await readModel(id, stored);
    expect(model.config).toMatchObject({ sampleSize: 64, textWidth: 64, blocks: 16 });
    expect([...model.tokenizer.encode("a cat").ids.subarray(0, 4)]).toEqual([
      49406, 320, 2368, 49407,
    ]);
  });

  it("are said to paint only where the half of the VAE that reads photos is not there", async () => {
    expect(await hub.reviewFolder(folder())).toMatchObject({ paintsOnly: false });
    const files = folder({ "vae_encoder/model.onnx": null, "vae_encoder/model.onnx.data": null });
    expect(await hub.reviewFolder(files)).toMatchObject({ paintsOnly: true });
  });
});

describe("a folder that cannot be imported", () => {
  it.each([
    ["has files missing", { "vae_decoder/model.onnx": null }, /no vae_decoder\/model\.onnx/],
    ["has weights missing", { [MODEL]: null }, /keeps its weights in unet\/model\.onnx\.data/],
    ["has weights cut short", { [MODEL]: "abc" }, /is cut short: it has 3 of at least/],
    ["has an empty file", { "unet/config.json": "" }, /"unet\/config\.json" is empty/],
    ["has a broken graph", { "unet/model.onnx": "no protobuf" }, /not a whole ONNX file/],
  ])("because it %s", async (_, changes, sentence) => {
    await expect(hub.reviewFolder(folder(changes))).rejects.toThrow(sentence);
    await expect(hub.importFolder(folder(changes), ignore)).rejects.toThrow(sentence);
    expect(await models.ids()).toEqual([]);
  });
});
