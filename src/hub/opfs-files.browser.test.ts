/** @file A stored model's files as the engine reads them: whole, in ranges, missing, removed. */
import { afterEach, expect, it } from "vitest";
import { openFile, opfsFiles, removeFromOpfs } from "./opfs-files.ts";

const ID = "opfs-files-test";
const body = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);

async function write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const stream = await (await openFile(ID, path, { create: true })).createWritable();
  await stream.write(bytes);
  await stream.close();
}

afterEach(() => removeFromOpfs(ID));

it("reads whole files with progress, and ranges", async () => {
  await write("unet/model.onnx", body);
  const files = opfsFiles(ID);
  const heard: [number, number][] = [];
  const onBytes = (...heardNow: [number, number]): number => heard.push(heardNow);
  expect(await files.read("unet/model.onnx", onBytes)).toEqual(body);
  expect(heard.at(-1)).toEqual([5000, 5000]);
  expect(await files.range("unet/model.onnx", 300, 20)).toEqual(body.subarray(300, 320));
  expect((await files.range("unet/model.onnx", 4995, 20))?.length).toBe(5);
});

it("has no file where there is none, and none once the model is removed", async () => {
  await write("unet/model.onnx", body);
  const files = opfsFiles(ID);
  expect(await files.read("unet")).toBeNull();
  expect(await files.read("unet/config.json")).toBeNull();
  expect(await files.range("vae/model.onnx", 0, 1)).toBeNull();
  await removeFromOpfs(ID, "unet/model.onnx");
  expect(await opfsFiles(ID).read("unet/model.onnx")).toBeNull();
  await removeFromOpfs(ID);
  await removeFromOpfs(ID);
});
