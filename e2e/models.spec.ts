/** @file The page Models: another model comes in from a folder, opens, is checked, and goes; what cannot work says why. */
import { expect, type Page, test } from "@playwright/test";
import { writeNanoFolder } from "../tests/support/nano-folder.ts";
import { expectAccessible, expectNoSidewaysScroll } from "./support/accessible.ts";

/** Opening the default model takes seconds on WebAssembly; two slow cores take longer. */
const OPENING = { timeout: 120_000 };

const chosenModel = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const isOpen = (page: Page) => expect(page.getByTestId("backend-reason")).toBeVisible(OPENING);
const list = (page: Page) => page.getByRole("region", { name: "Models in this browser" });

async function importNano(page: Page, changes: Parameters<typeof writeNanoFolder>[1] = {}) {
  await page.getByTestId("model-folder").setInputFiles(await writeNanoFolder("nano", changes));
}

test("a model is imported from a folder, opened, remembered, checked and removed", async ({
  page,
}) => {
  await page.goto("/#/models");
  await importNano(page, { "README.md": "---\nlicense: cc0-1.0\n---\n" });
  const card = page.getByRole("region", { name: "Add a model" });
  await expect(card.getByText("Licence: cc0-1.0")).toBeVisible();
  await expect(card.getByText(/MB in \d+ files/)).toBeVisible();
  await card.getByRole("button", { name: "Import", exact: true }).click();
  await expect(card.getByText("“nano” is imported")).toBeVisible({ timeout: 60_000 });
  await expect(list(page).getByText(/licence cc0-1\.0 · imported/)).toBeVisible();
  await isOpen(page);

  await card.getByRole("button", { name: "Open it" }).click();
  await expect(chosenModel(page, "nano")).toBeVisible();
  await isOpen(page);
  await page.reload();
  await expect(chosenModel(page, "nano")).toBeVisible();
  await isOpen(page);

  await page.getByRole("button", { name: "Check the files of nano" }).click();
  await expect(page.getByText("Every file is as it was stored.")).toBeVisible();

  await page.getByRole("button", { name: "Remove nano" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove nano?" });
  await expect(dialog.getByText("the default model is opened in its place")).toBeVisible();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(list(page).getByText("nano", { exact: true })).toBeHidden(OPENING);
  await expect(chosenModel(page, "Toybox 256")).toBeVisible();
  await isOpen(page);
});

test("an import that the page's end or a person interrupted goes on from the same folder", async ({
  page,
}) => {
  await page.goto("/#/models");
  const folder = await writeNanoFolder("nano", {
    // Large enough to be under way when the page goes.
    "clip/image_encoder.onnx": "0".repeat(200_000_000),
  });
  await page.getByTestId("model-folder").setInputFiles(folder);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText(/^Copying [\d.]+ MB of/)).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await expect(list(page).getByText("Its import was not finished")).toBeVisible();
  await expect(page.getByRole("button", { name: "Open nano" })).toBeHidden();
  await page.getByTestId("model-folder").setInputFiles(folder);
  await expect(page.getByText("Copied before")).toBeVisible();
  await page.getByRole("button", { name: "Go on importing" }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByText("Stopped. What was copied of “nano” is kept")).toBeVisible();
  await page.getByTestId("model-folder").setInputFiles(folder);
  await page.getByRole("button", { name: "Go on importing" }).click();
  await expect(page.getByText("“nano” is imported")).toBeVisible({ timeout: 120_000 });
  await expect(page.getByRole("button", { name: "Open nano" })).toBeVisible();
});

test("a folder that is not complete is refused with what is missing", async ({ page }) => {
  await page.goto("/#/models");
  await importNano(page, { "vae_decoder/model.onnx": null });
  await expect(page.getByRole("alert")).toContainText(
    '"nano" is not complete: it has no vae_decoder/model.onnx.',
  );
  await importNano(page);
  await expect(page.getByText("Licence unknown")).toBeVisible();
});

test("storage that is full is said, and the import goes on once there is room", async ({
  page,
  context,
}) => {
  await page.goto("/#/models");
  await isOpen(page);
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  const folder = await writeNanoFolder("nano");
  await page.getByTestId("model-folder").setInputFiles(folder);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText(/storage for this site is full/);
  await browser.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByTestId("model-folder").setInputFiles(folder);
  // What fitted depends on how much the app itself keeps for use offline.
  await page.getByRole("button", { name: /^(Import|Go on importing)$/ }).click();
  await expect(page.getByText("“nano” is imported")).toBeVisible({ timeout: 60_000 });
});

test("a model that cannot be opened offers the default one", async ({ page }) => {
  await page.goto("/?model=nowhere#/models");
  await expect(page.getByRole("alert")).toContainText('There is no model "nowhere"', OPENING);
  await page.getByRole("button", { name: "Open the default model" }).click();
  await isOpen(page);
  await expect(page).toHaveURL("/#/models");
});

test("storage is shown by kind", async ({ page }) => {
  await page.goto("/#/models");
  const storage = page.getByRole("region", { name: "Storage" });
  await expect(storage.getByTestId("storage-total")).toContainText(/in use of .* allows/);
  await expect(storage.getByRole("listitem").filter({ hasText: /^Images/ })).toContainText(/\d+ B/);
  await expect(storage.getByRole("button", { name: "Keep this data" })).toBeVisible();
});

test("has no serious accessibility violations in either scheme", async ({ page }) => {
  const accessibleInBoth = async (): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
    }
  };
  await page.goto("/#/models");
  await isOpen(page);
  await accessibleInBoth();
  await page.setViewportSize({ width: 360, height: 800 });
  await expectNoSidewaysScroll(page);
  await importNano(page);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText("“nano” is imported")).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Remove nano" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await accessibleInBoth();
});
