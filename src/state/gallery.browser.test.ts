/** @file The gallery's list over the real IndexedDB: what is stored, deleted and put back shows, and nothing is read twice. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createElement, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { images } from "../storage/images.ts";
import {
  type ImageRecord,
  imageStored,
  useImages,
  useRemoveImage,
  useRestoreImages,
} from "./gallery.ts";

function image(id: string, createdAt: number): ImageRecord {
  return {
    version: 1,
    id,
    createdAt,
    width: 1,
    height: 1,
    png: new Blob([id], { type: "image/png" }),
    settings: {
      prompt: id,
      negativePrompt: "",
      sampler: "ddim",
      steps: 1,
      guidance: 1,
      eta: 0,
      seed: 1,
      model: { id: "toybox-256", fingerprint: "f" },
      concepts: [],
      backend: "wasm",
    },
  };
}

interface Shown {
  readonly images: readonly ImageRecord[] | undefined;
  readonly remove: (record: ImageRecord) => void;
  readonly restore: (records: readonly ImageRecord[]) => void;
}

let root: Root;
let client: QueryClient;
/** What the page shows, told after each rendering. */
let shown: Shown | undefined;
const tell = (now: Shown): void => {
  shown = now;
};

function Probe(): null {
  const list = useImages();
  const { mutate: remove } = useRemoveImage();
  const { mutate: restore } = useRestoreImages();
  const listed = list.data?.images;
  useEffect(() => tell({ images: listed, remove, restore }), [listed, remove, restore]);
  return null;
}

const ids = () => shown?.images?.map(({ id }) => id);

beforeEach(async () => {
  shown = undefined;
  for (const id of await images.ids()) await images.remove(id);
  await images.put(image("old", 1));
  await images.put(image("new", 2));
  client = new QueryClient();
  root = createRoot(document.createElement("div"));
  root.render(createElement(QueryClientProvider, { client }, createElement(Probe)));
  await expect.poll(ids).toEqual(["new", "old"]);
});

afterEach(() => root.unmount());

describe("the gallery's list", () => {
  it("takes up an image that the engine has stored, once", async () => {
    await images.put(image("newest", 3));
    await imageStored(client, "newest");
    await imageStored(client, "newest");
    await expect.poll(ids).toEqual(["newest", "new", "old"]);
    await imageStored(client, "nowhere");
    expect(ids()).toHaveLength(3);
  });

  it("deletes from storage at once, and puts the same record back", async () => {
    const [, old] = shown!.images!;
    shown!.remove(old!);
    await expect.poll(ids).toEqual(["new"]);
    expect(await images.ids()).toEqual(["new"]);
    shown!.restore([old!]);
    await expect.poll(ids).toEqual(["new", "old"]);
    expect(await (await images.get("old"))?.png.text()).toBe("old");
  });

  it("keeps the objects it knows when it is read again, so that no picture is loaded anew", async () => {
    const before = shown!.images!;
    await images.put(image("newest", 3));
    await client.invalidateQueries();
    await expect.poll(ids).toEqual(["newest", "new", "old"]);
    expect(shown!.images![1]).toBe(before[0]);
    expect(shown!.images![2]).toBe(before[1]);
  });
});
