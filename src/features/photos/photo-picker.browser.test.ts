/** @file The photo picker in a real browser with its real worker: adding, twins, refusals, removing, cropping, pasting. */
import "@mantine/core/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { createElement, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { createPhotosClient } from "../../rpc/photos-client.ts";
import { createPhotoLibrary, PhotoContext, type PreparedPhoto } from "../../state/photos.ts";
import { queryClient } from "../../state/query-client.ts";
import { PhotoPicker } from "./photo-picker.tsx";

const library = createPhotoLibrary(createPhotosClient());
let root: Root;
let photos: PreparedPhoto[];

function Harness({ tell }: { readonly tell: (photos: PreparedPhoto[]) => void }) {
  const [chosen, setChosen] = useState<PreparedPhoto[]>([]);
  const onChange = (changed: PreparedPhoto[]): void => {
    tell(changed);
    setChosen(changed);
  };
  return createElement(PhotoPicker, { photos: chosen, onChange, pictureSize: 64 });
}

beforeEach(() => {
  photos = [];
  document.body.innerHTML = "<div></div>";
  const tell = (changed: PreparedPhoto[]): void => void (photos = changed);
  root = createRoot(document.body.firstElementChild!);
  const picker = createElement(PhotoContext, { value: library }, createElement(Harness, { tell }));
  const queries = createElement(QueryClientProvider, { client: queryClient }, picker);
  root.render(createElement(MantineProvider, null, queries));
});

afterEach(() => {
  root.unmount();
});

/** Left half of one colour, right half of another, and a line that is different in every picture. */
async function picture(name: string, left: string, right: string): Promise<File> {
  const canvas = new OffscreenCanvas(200, 100);
  const context = canvas.getContext("2d")!;
  context.fillStyle = left;
  context.fillRect(0, 0, 100, 100);
  context.fillStyle = right;
  context.fillRect(100, 0, 100, 100);
  return new File([await canvas.convertToBlob()], name);
}

async function choose(...files: File[]): Promise<void> {
  await expect.element(page.getByText("Choose photos")).toBeVisible();
  const input = document.querySelector<HTMLInputElement>('input[aria-label="Choose photos"]')!;
  const transfer = new DataTransfer();
  files.forEach((file) => transfer.items.add(file));
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const names = (): string[] => photos.map(({ name }) => name);

async function middleOf(png: Blob): Promise<number[]> {
  const bitmap = await createImageBitmap(png);
  const context = new OffscreenCanvas(1, 1).getContext("2d")!;
  context.drawImage(bitmap, bitmap.width >> 1, bitmap.height >> 1, 1, 1, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}

describe("the photo picker", () => {
  it("adds photos, names twins and what is no photo, and lets the alert be dismissed", async () => {
    const one = await picture("one.png", "red", "blue");
    const again = new File([one], "again.png");
    await choose(
      one,
      again,
      new File(["notes"], "notes.png"),
      await picture("two.png", "lime", "blue"),
    );
    await expect.poll(names).toEqual(["again.png", "two.png"]);
    await expect
      .element(page.getByText('"one.png" is the same file as "again.png".'))
      .toBeVisible();
    await expect.element(page.getByText(/"notes.png" is not a photo/)).toBeVisible();
    const bitmap = await createImageBitmap(photos[0]!.png);
    expect([bitmap.width, bitmap.height]).toEqual([100, 100]);
    await userEvent.click(page.getByRole("button", { name: "Dismiss" }));
    await expect.element(page.getByText(/"notes.png"/)).not.toBeInTheDocument();
  });

  it("warns below three photos, and removes one without losing the focus", async () => {
    await choose(await picture("a.png", "red", "blue"), await picture("b.png", "white", "black"));
    await expect.poll(names).toEqual(["a.png", "b.png"]);
    await expect.element(page.getByText(/With so few/)).toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Remove a.png" }));
    await expect.poll(names).toEqual(["b.png"]);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Photos");
  });

  it("cuts the square that is chosen with the keyboard, and finds it again", async () => {
    await choose(await picture("wide.png", "rgb(255 0 0)", "rgb(0 0 255)"));
    await expect.poll(names).toEqual(["wide.png"]);
    const { id, png } = photos[0]!;
    await userEvent.click(page.getByRole("button", { name: "Adjust the crop of wide.png" }));
    const square = page.getByRole("application");
    await expect.element(square).toBeVisible();
    await expect.element(page.getByText(/100 × 100 px of 200 × 100/)).toBeVisible();
    (square.element() as HTMLElement).focus();
    for (let i = 0; i < 60; i++) await userEvent.keyboard("{ArrowRight}");
    await userEvent.click(page.getByRole("button", { name: "Apply" }));
    await expect.poll(() => photos[0]!.png === png).toBe(false);
    expect(photos[0]).toMatchObject({ id, name: "wide.png" });
    expect(await middleOf(photos[0]!.png)).toEqual([255, 0, 0, 255]);
    expect((await library.sourceOf(photos[0]!)).square).toEqual({ left: 0, top: 0, side: 100 });
  });

  it("adjusts a photo of which only the square is known", async () => {
    const file = await picture("old.png", "red", "blue");
    const source = await library.sourceOf({ id: "1", name: "old", digest: "d", png: file });
    expect(source).toMatchObject({ digest: "d", width: 200, height: 100, square: null });
  });

  it("takes pasted pictures, and leaves pasted text alone", async () => {
    await expect.element(page.getByText("Choose photos")).toBeVisible();
    const paste = (transfer: DataTransfer): boolean =>
      document.body.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }),
      );
    const text = new DataTransfer();
    text.setData("text/plain", "hello");
    expect(paste(text)).toBe(true);
    const image = new DataTransfer();
    image.items.add(await picture("image.png", "red", "lime"));
    expect(paste(image)).toBe(false);
    await expect.poll(names).toEqual(["pasted 1.png"]);
  });

  it("says which photos look alike", async () => {
    const one = await picture("one.png", "black", "white");
    const bitmap = await createImageBitmap(one);
    const canvas = new OffscreenCanvas(200, 100);
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
    const jpeg = await canvas.convertToBlob({ type: "image/jpeg" });
    await choose(one, new File([jpeg], "two.jpg"));
    await expect.poll(names).toEqual(["one.png", "two.jpg"]);
    await expect.element(page.getByText(/Looks much like one.png/)).toBeVisible();
  });
});
