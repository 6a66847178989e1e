/** @file The main journey: photos in, a run that survives a reload, a concept, images of it, and a file that brings it back. */
import { readFile } from "node:fs/promises";
import { expect, test, type Page } from "@playwright/test";
import sharp from "sharp";
import { expectAccessible } from "./support/accessible.ts";
import { watchMainThread } from "./support/main-thread.ts";
import { filesField as field, SAMPLES } from "./support/photos.ts";

/** Opening the model, a few steps, or painting, on two slow cores. */
const SLOW = { timeout: 240_000 };
const STEPS = 14;

const tiles = (page: Page) => page.getByRole("button", { name: /^Open: / });
const state = (page: Page, name: string) => page.getByText(name, { exact: true }).first();
const reached = (page: Page, step: number) =>
  expect
    .poll(
      async () => {
        const words = await page.getByText(/^Step \d+ of \d+$/).allTextContents();
        return Math.max(0, ...words.map((text) => Number(/\d+/.exec(text)?.[0])));
      },
      { timeout: 240_000, intervals: [250] },
    )
    .toBeGreaterThanOrEqual(step);

async function fillForm(page: Page): Promise<void> {
  await page.goto("/#/concepts/new");
  await expect(page.getByRole("button", { name: "Choose photos" })).toBeVisible(SLOW);
  await field(page, "Choose photos").setInputFiles(
    [1, 2, 3, 4, 5].map((i) => `${SAMPLES}/concepts/teddy-bear/${i}.png`),
  );
  await expect(page.getByRole("list", { name: "Photos" }).getByRole("listitem")).toHaveCount(5);
  await page.getByLabel("What kind of thing").fill("bear");
  await page.getByRole("button", { name: "Advanced settings" }).click();
  const drawer = page.getByRole("dialog", { name: "Advanced settings" });
  await drawer.getByLabel("Steps", { exact: true }).fill(String(STEPS));
  await drawer.getByLabel("Batch", { exact: true }).fill("2");
  await drawer.getByLabel("Your own").check();
  await field(page, "Choose pictures").setInputFiles(
    ["001", "002"].map((name) => `${SAMPLES}/regularisation/bear/${name}.webp`),
  );
  await drawer.getByLabel("Views of each photo").fill("1");
  await drawer.getByLabel("Every so many steps").fill("7");
  await drawer.getByRole("textbox", { name: "Prompts" }).fill("photo of a <new1> bear");
  await expectAccessible(page);
  await drawer.getByRole("button", { name: "Close" }).click();
  // One UNet pass, and everything that waits for it on a slow machine.
  await expect(page.getByRole("region", { name: "Estimate" })).toContainText(/\d/, {
    timeout: 60_000,
  });
}

/** Downloads the only image of the gallery and gives its pixels. */
async function pixelsOfNewest(page: Page): Promise<Buffer> {
  await tiles(page).first().click();
  const waiting = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Download PNG" }).click();
  const file = await (await waiting).path();
  await page.keyboard.press("Escape");
  return sharp(await readFile(file))
    .raw()
    .toBuffer();
}

async function paint(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("photo of a <new1> bear");
  await page.getByLabel("Steps").fill("3");
  await page.getByLabel("Seed", { exact: true }).fill("11");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await expect(tiles(page)).toHaveCount(1, SLOW);
}

test("photos become a concept through a reload, and a file brings it back elsewhere", async ({
  page,
  browser,
}) => {
  test.setTimeout(900_000);
  await fillForm(page);

  await test.step("it trains while the page stays free", async () => {
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await reached(page, 1);
    const stop = await watchMainThread(browser, page);
    await reached(page, 11);
    const { reported, computed, tasks } = await stop();
    console.log(
      `Main thread: ${tasks} tasks; Long Tasks by the wall clock: ${reported.map(Math.round).join(", ") || "none"} ms`,
    );
    expect(tasks).toBeGreaterThan(100);
    expect(computed).toEqual([]);
    await expect(
      page.getByText(/^Losses over \d+ steps, smoothed: target .* regularisation /),
    ).toBeAttached();
    await expect(page.getByRole("columnheader", { name: "Step 7" })).toBeVisible();
  });

  await test.step("a reload in the middle costs ten steps at most", async () => {
    await page.reload();
    await expect(state(page, "Interrupted")).toBeVisible();
    const kept = await page.getByText(/Step \d+ of 14 is kept/).textContent();
    expect(Number(/Step (\d+) of/.exec(kept ?? "")?.[1])).toBeGreaterThanOrEqual(2);
    await expectAccessible(page);
    await expect(page.getByRole("button", { name: "Resume" })).toBeEnabled(SLOW);
    await page.getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
    await expect(state(page, "Finished")).toBeVisible();
    await expect(page.getByText(/^Losses over 14 steps/)).toBeAttached();
    await expect(page.getByRole("columnheader")).toHaveText(["Step 7", "Step 14"]);
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
    }
  });

  await test.step("its word paints, and the image is there after a reload", async () => {
    await page.getByRole("button", { name: "Generate with it" }).click();
    await expect(page.getByRole("textbox", { name: "Prompt", exact: true })).toHaveValue(
      /<new1> bear/,
    );
    await paint(page);
    await page.reload();
    await expect(tiles(page)).toHaveCount(1);
  });
  const before = await pixelsOfNewest(page);

  const file = await test.step("the concept is exported", async () => {
    await page.goto("/#/concepts");
    await page.getByRole("button", { name: /^More for/ }).click();
    const waiting = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export", exact: true }).click();
    const download = await waiting;
    return { name: download.suggestedFilename(), buffer: await readFile(await download.path()) };
  });

  await test.step("everything is cleared, the file is imported, and the same seed paints the same image", async () => {
    const { origin } = new URL(page.url());
    await page.goto("about:blank");
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
    await page.goto("/#/concepts");
    await expect(page.getByRole("button", { name: /^More for/ })).toHaveCount(0);
    await page
      .locator("input[aria-label='Concept files']")
      .setInputFiles({ ...file, mimeType: "application/octet-stream" });
    const card = page.getByRole("article", { name: file.name });
    // The engine looks inside, and may be opening the model.
    await expect(card).toBeVisible(SLOW);
    for (const fact of ["<new1>", "bear", "toybox-256"]) await expect(card).toContainText(fact);
    await expectAccessible(page);
    await card.getByRole("button", { name: "Import", exact: true }).click();
    await expect(page.getByRole("button", { name: /^More for/ })).toHaveCount(1);
    await page.goto("/#/");
    await expect(page.getByRole("list", { name: "Concepts to put into the prompt" })).toBeVisible(
      SLOW,
    );
    await paint(page);
    expect((await pixelsOfNewest(page)).equals(before)).toBe(true);
  });
});
