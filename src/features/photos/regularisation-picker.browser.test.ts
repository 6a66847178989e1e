/** @file The regularisation picker in a real browser: captions from metadata.jsonl, one for the others, a wrong line. */
import { MantineProvider } from "@mantine/core";
import { createElement, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { createPhotosClient } from "../../rpc/photos-client.ts";
import { createPhotoLibrary, PhotoContext, type CaptionedPicture } from "../../state/photos.ts";
import { RegularisationPicker } from "./regularisation-picker.tsx";

const library = createPhotoLibrary(createPhotosClient());
let root: Root;
let pictures: CaptionedPicture[];

interface HarnessProps {
  readonly category: string;
  readonly tell: (pictures: CaptionedPicture[]) => void;
}

function Harness({ category, tell }: HarnessProps) {
  const [chosen, setChosen] = useState<CaptionedPicture[]>([]);
  const onChange = (changed: CaptionedPicture[]): void => {
    tell(changed);
    setChosen(changed);
  };
  const props = { category, pictures: chosen, onChange, pictureSize: 64 };
  return createElement(RegularisationPicker, props);
}

function show(category: string): void {
  const tell = (changed: CaptionedPicture[]): void => void (pictures = changed);
  const picker = createElement(Harness, { category, tell });
  const provided = createElement(PhotoContext, { value: library }, picker);
  root.render(createElement(MantineProvider, null, provided));
}

beforeEach(() => {
  pictures = [];
  document.body.innerHTML = "<div></div>";
  root = createRoot(document.body.firstElementChild!);
  show("bear");
});

afterEach(() => {
  root.unmount();
});

async function picture(name: string, colour: string): Promise<File> {
  const canvas = new OffscreenCanvas(20, 10);
  const context = canvas.getContext("2d")!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 20, 10);
  return new File([await canvas.convertToBlob()], name);
}

async function choose(...files: File[]): Promise<void> {
  await expect.element(page.getByText("Choose pictures")).toBeVisible();
  const input = document.querySelector<HTMLInputElement>('input[aria-label="Choose pictures"]')!;
  const transfer = new DataTransfer();
  files.forEach((file) => transfer.items.add(file));
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const captions = (): string[] => pictures.map(({ caption }) => caption);

describe("the regularisation picker", () => {
  it("captions by metadata.jsonl, and the others by the category until something else is typed", async () => {
    const line = JSON.stringify({ file_name: "a.png", text: "a bear on a beach" });
    const metadata = new File([line], "metadata.jsonl");
    await choose(await picture("a.png", "red"), metadata, await picture("b.png", "blue"));
    await expect.poll(captions).toEqual(["a bear on a beach", "photo of a bear"]);
    show("dog");
    await expect.poll(captions).toEqual(["a bear on a beach", "photo of a dog"]);
    await userEvent.fill(page.getByLabelText("Caption of pictures that have none"), "a puppy");
    await expect.poll(captions).toEqual(["a bear on a beach", "a puppy"]);
    show("cat");
    await choose(await picture("c.png", "lime"), await picture("b.png", "blue"));
    await expect.poll(captions).toEqual(["a bear on a beach", "a puppy", "a puppy"]);
    await expect.element(page.getByText('"b.png" is here already.')).toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Remove all" }));
    await expect.poll(captions).toEqual([]);
  });

  it("adds nothing where a line of metadata.jsonl is wrong, and names it", async () => {
    await choose(await picture("a.png", "red"), new File(["{"], "metadata.jsonl"));
    await expect
      .element(page.getByText(/"metadata.jsonl", line 1: it is not a JSON object. No picture/))
      .toBeVisible();
    expect(captions()).toEqual([]);
  });
});
