/** @file The samples that come with the studio, fetched and cut as a person's own photos would be. */
import { expect, it } from "vitest";
import { createPhotosClient } from "../rpc/photos-client.ts";
import { createPhotoLibrary } from "./photos.ts";
import { loadSamplePhotos, loadSampleRegularisation } from "./samples.ts";

const library = createPhotoLibrary(createPhotosClient());

it("loads the photos of a sample concept", async () => {
  const concept = {
    id: "teddy-bear",
    name: "Teddy bear",
    category: "bear",
    files: ["concepts/teddy-bear/1.png", "concepts/teddy-bear/2.png"],
  };
  const photos = await loadSamplePhotos(library, concept, 64);
  expect(photos.map(({ name }) => name)).toEqual(["1.png", "2.png"]);
  const bitmap = await createImageBitmap(photos[0]!.png);
  expect([bitmap.width, bitmap.height]).toEqual([192, 192]);
});

it("loads the regularisation pictures of a category with their captions, and tells how far it is", async () => {
  const seen: [number, number][] = [];
  const pictures = await loadSampleRegularisation(library, " Bear ", 64, (done, total) =>
    seen.push([done, total]),
  );
  expect(pictures).toHaveLength(40);
  expect(pictures?.[0]?.caption).toBe("very small photo of a bear in space");
  expect(seen.at(-1)).toEqual([40, 40]);
});

it("has none for a category it does not know", async () => {
  expect(await loadSampleRegularisation(library, "teapot", 64)).toBeNull();
});

it("says what to do where a sample is missing", async () => {
  const gone = { id: "x", name: "x", category: "x", files: ["concepts/nowhere.png"] };
  await expect(loadSamplePhotos(library, gone, 64)).rejects.toMatchObject({
    code: "download-failed",
    message: expect.stringContaining("concepts/nowhere.png") as string,
  });
});
