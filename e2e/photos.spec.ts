/** @file Photos of a new concept: chosen, refused by name, cut anew, a whole folder, a sample, and kept while one looks elsewhere. */
import { expect, test, type Page } from "@playwright/test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";
import { expectAccessible } from "./support/accessible.ts";

const HEIC = path.join(import.meta.dirname, "../tests/fixtures/photos/quarters.heic");
const SAMPLES = path.join(import.meta.dirname, "../public/samples/concepts/teddy-bear");

async function openForm(page: Page): Promise<void> {
  await page.goto("/#/concepts/new");
  // The form asks for the model's picture size, so the model has to be open.
  await expect(page.getByRole("button", { name: "Choose photos" })).toBeVisible({
    timeout: 120_000,
  });
}

const tiles = (page: Page) => page.getByRole("list", { name: "Photos" }).getByRole("listitem");

/** 12 megapixels, lying on its side as phones store portraits. */
async function phonePhoto(): Promise<Buffer> {
  const { data, info } = await sharp(path.join(SAMPLES, "1.png"))
    .resize(4000, 3000, { fit: "fill" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

test("photos are added, refused by name, cut anew and removed", async ({ page }) => {
  await openForm(page);
  const photo = { name: "phone.jpg", mimeType: "image/jpeg", buffer: await phonePhoto() };
  await page
    .getByLabel("Choose photos")
    .first()
    .setInputFiles([
      photo,
      { ...photo, name: "phone (1).jpg" },
      { name: "phone.heic", mimeType: "", buffer: await readFile(HEIC) },
      { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("These are my notes.") },
    ]);
  await expect(tiles(page)).toHaveCount(2, { timeout: 60_000 });
  const leftOut = page.getByRole("alert").filter({ hasText: "2 files were left out" });
  await expect(leftOut).toContainText('"notes.png" is not a photo that can be read');
  await expect(leftOut).toContainText(/"phone.*jpg" is the same file as "phone.*jpg"/);
  await expect(page.getByText(/With so few/)).toBeVisible();
  await expectAccessible(page);
  await leftOut.getByRole("button", { name: "Dismiss" }).click();
  await expect(leftOut).toBeHidden();

  await page.getByRole("button", { name: /Adjust the crop of phone.*jpg/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("3000 × 3000 px of 3000 × 4000")).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("slider", { name: "Zoom" }).focus();
  for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowRight");
  await dialog.getByRole("application").focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowUp");
  await expect(dialog.getByText("1500 × 1500 px of 3000 × 4000")).toBeVisible();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: "Remove phone.heic" }).click();
  await expect(tiles(page)).toHaveCount(1);
  await page.getByRole("link", { name: "Models" }).click();
  await page.goBack();
  await expect(tiles(page)).toHaveCount(1);
});

test("a folder gives its pictures and passes over the rest", async ({ page }, testInfo) => {
  const folder = testInfo.outputPath("bear");
  await mkdir(folder, { recursive: true });
  for (const name of ["1.png", "2.png", "3.png", "category.txt"]) {
    await writeFile(path.join(folder, name), await readFile(path.join(SAMPLES, name)));
  }
  await writeFile(path.join(folder, ".DS_Store"), "x");
  await openForm(page);
  await page.locator("input[aria-label='Choose a folder']").setInputFiles(folder);
  await expect(tiles(page)).toHaveCount(3, { timeout: 60_000 });
  await expect(page.getByText(/left out/)).toBeHidden();
  await expect(page.getByText(/3 photos\./)).toBeVisible();
});

test("a sample fills the form with its photos", async ({ page }) => {
  await openForm(page);
  await page.getByRole("button", { name: /Teddy bear/ }).click();
  await expect(tiles(page)).toHaveCount(5, { timeout: 60_000 });
});
