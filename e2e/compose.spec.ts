/** @file Two concepts that were trained apart: composed, merged, made smaller, painted with, and taken elsewhere. */
import { expect, test, type Page } from "@playwright/test";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expectAccessible, expectNoSidewaysScroll } from "./support/accessible.ts";
import { importNano, SLOW, trainNano } from "./support/nano.ts";
import { filesField, SAMPLES } from "./support/photos.ts";

const pages = (page: Page) => page.getByRole("navigation", { name: "Pages" });

test("two concepts are compared, merged, painted with, and brought elsewhere", async ({ page }) => {
  test.setTimeout(400_000);
  await importNano(page);

  await test.step("without two concepts the page says what it is for", async () => {
    await pages(page).getByRole("link", { name: "Compose" }).click();
    await expect(page.getByText("Two things in one picture")).toBeVisible();
    await expectAccessible(page);
  });

  for (const category of ["cat", "dog"]) {
    await test.step(`a ${category} is learnt`, async () => {
      await trainNano(page, 3, category);
      await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
    });
  }

  await test.step("both are picked, and painted alone, merged, and combined at each step", async () => {
    await pages(page).getByRole("link", { name: "Generate" }).click();
    await page.getByLabel("Steps").fill("2");
    await pages(page).getByRole("link", { name: "Compose" }).click();
    await page.getByRole("checkbox", { name: "My cat" }).check();
    await expect(page.getByText("Pick two concepts or more.")).toBeVisible();
    await page.getByRole("checkbox", { name: "My dog" }).check();
    await expect(page.getByRole("textbox", { name: "Prompt" })).toHaveValue(
      "photo of a <new1> cat and a <new2> dog",
    );
    await page.getByRole("button", { name: "Paint all" }).click();
    const pictures = page.getByRole("list", { name: "Comparison" }).getByRole("img");
    await expect(pictures).toHaveCount(4, SLOW);
    await expect(page.getByRole("button", { name: "Paint what is missing" })).toBeDisabled();
  });

  await test.step("regions can be had without a pointer, and ask for another picture", async () => {
    await page.getByRole("radio", { name: /By regions/ }).check();
    await page.getByRole("button", { name: "Side by side", exact: true }).click();
    await expect(page.getByRole("img", { name: /My cat 50 %, My dog 50 %/ })).toBeVisible();
    await page.getByRole("button", { name: "Paint what is missing" }).click();
    const pictures = page.getByRole("list", { name: "Comparison" }).getByRole("img");
    await expect(pictures).toHaveCount(4, SLOW);
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await test.step("they are trained together, from the photos of both, and that is the fifth column", async () => {
    const card = page.getByRole("region", { name: "Trained together" });
    await expect(card.getByLabel("Name")).toHaveValue("My cat and My dog");
    // As many as the two runs took.
    await expect(card.getByLabel("Steps")).toHaveValue("6");
    await card.getByLabel("Steps").fill("2");
    await card.getByLabel("Name").fill("Cat with dog");
    await expect(card.getByRole("region", { name: "Estimate" })).toContainText(
      /about \d+ s/i,
      SLOW,
    );
    await card.getByRole("button", { name: "Train them together" }).click();
    await expect(page.getByRole("heading", { name: "Cat with dog" })).toBeVisible();
    await expect(page.getByText("<new1> cat, <new2> dog")).toBeVisible();
    for (const words of ["<new1> cat", "<new2> dog"]) {
      const photos = page.getByRole("list", { name: `Photos of ${words}` });
      await expect(photos.getByRole("listitem")).toHaveCount(2);
    }
    await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
    await expectAccessible(page);
    await pages(page).getByRole("link", { name: "Compose" }).click();
    await expect(page.getByText("“Cat with dog” was trained on them")).toBeVisible();
    await page.getByRole("button", { name: "Paint what is missing" }).click();
    const columns = page.getByRole("list", { name: "Comparison" });
    await expect(columns.getByRole("img")).toHaveCount(5, SLOW);
    await expect(columns.getByRole("img", { name: /^Trained together: / })).toHaveAttribute(
      "alt",
      "Trained together: photo of a <new1> cat and a <new2> dog",
    );
  });

  await test.step("the merged concept is kept, and both of its words paint", async () => {
    await page.getByRole("button", { name: "Keep the merged concept" }).click();
    await expect(page.getByText(/Captions that name neither thing change by [\d.]+ %/)).toBeVisible(
      SLOW,
    );
    await expect(page.getByText(/Its file will be about [\d.]+ kB/)).toBeVisible();
    await page.getByRole("button", { name: "Make it smaller" }).click();
    const dialog = page.getByRole("dialog", { name: /My cat and My dog/ });
    await expect(dialog.getByText(/^[\d.]+ kB of [\d.]+ kB \(\d+ %\)$/)).toBeVisible();
    const slider = dialog.getByRole("slider", { name: "Share of the singular values" });
    await slider.press("Home");
    await expect(dialog.getByText(/^Share of .*: 10 %$/)).toBeVisible();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Save as a new concept" }).click();
    await expect(dialog.getByText("Kept beside it")).toBeVisible();
    await dialog.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Generate with it" }).click();
    await page
      .getByRole("textbox", { name: "Prompt", exact: true })
      .fill("photo of a <new1> cat and a <new2> dog");
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    const tile = page.getByRole("button", {
      name: /^Open: photo of a <new1> cat and a <new2> dog/,
    });
    await expect(tile).toHaveCount(5, SLOW);
    await tile.first().click();
    await expect(page.getByRole("dialog")).toContainText("My cat and My dog (<new2> dog)");
    await page.keyboard.press("Escape");
  });

  await test.step("what was merged has no photos to train on; they can be added where that is said", async () => {
    await pages(page).getByRole("link", { name: "Compose" }).click();
    await page.getByRole("checkbox", { name: "My cat and My dog", exact: true }).check();
    const card = page.getByRole("region", { name: "Trained together" });
    await expect(card).toContainText("“My cat and My dog” was merged from others");
    await expect(card).toContainText("There are no photos for <new3> cat");
    await card.getByRole("button", { name: "Add photos of <new3> cat" }).click();
    await filesField(page, "Choose photos").setInputFiles(
      path.join(SAMPLES, "concepts/teddy-bear/3.png"),
    );
    await expect(card.getByRole("button", { name: "Photos of <new3> cat: 1 added" })).toBeVisible();
    await expectAccessible(page);
    await expect(card).toContainText("There are no photos for <new4> dog");
  });

  await test.step("a picture of both brings Compose back to how it was painted", async () => {
    await pages(page).getByRole("link", { name: "Compose" }).click();
    await page.getByRole("checkbox", { name: "My cat", exact: true }).uncheck();
    await page.getByRole("checkbox", { name: "My dog", exact: true }).uncheck();
    await pages(page).getByRole("link", { name: "Generate" }).click();
    await page
      .getByRole("button", { name: /^Open: photo of a <new1> cat and a <new2> dog/ })
      .nth(2)
      .click();
    await expect(page.getByRole("dialog")).toContainText("by regions");
    await page.getByRole("button", { name: "Reuse settings" }).click();
    await expect(page.getByRole("status").filter({ hasText: "has the settings" })).toBeVisible();
    await expect(page.getByRole("radio", { name: /By regions/ })).toBeChecked();
    await expect(page.getByRole("img", { name: /My cat 50 %, My dog 50 %/ })).toBeVisible();
    // The very pictures that are there already.
    await expect(page.getByRole("button", { name: "Paint what is missing" })).toBeDisabled();
  });

  await test.step("one of them goes to other tools, and comes back as what it was", async () => {
    await pages(page).getByRole("link", { name: "Concepts" }).click();
    await expect(page.getByText(/compressed to 10 %/)).toBeVisible();
    await page.getByRole("button", { name: "More for My cat", exact: true }).click();
    await page.getByRole("menuitem", { name: "Export for other tools" }).click();
    const dialog = page.getByRole("dialog", { name: /for other tools/ });
    await dialog.getByRole("radio", { name: /delta\.bin/ }).check();
    await expectAccessible(page);
    const waiting = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Download" }).click();
    const buffer = await readFile(await (await waiting).path());
    await dialog.getByRole("button", { name: "Done" }).click();
    // Its name says nothing: the bytes do.
    const file = { name: "from elsewhere", mimeType: "application/octet-stream", buffer };
    await page.locator("input[aria-label='Concept files']").setInputFiles(file);
    const card = page.getByRole("article", { name: file.name });
    for (const fact of ["delta file of the original code", "<new1>", "whole weights"]) {
      await expect(card).toContainText(fact, { ignoreCase: true });
    }
    await expect(card.getByRole("button", { name: "Import", exact: true })).toBeDisabled();
    await card.getByLabel("What kind of thing is <new1>?").fill("cat");
    await expectAccessible(page);
    await card.getByRole("button", { name: "Import", exact: true }).click();
    await expect(page.getByRole("button", { name: "More for from elsewhere" })).toBeVisible();
  });

  await test.step("its file brings it to another browser", async () => {
    await pages(page).getByRole("link", { name: "Concepts" }).click();
    await page.getByRole("button", { name: "More for My cat and My dog", exact: true }).click();
    const waiting = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Export", exact: true }).click();
    const download = await waiting;
    const file = {
      name: download.suggestedFilename(),
      mimeType: "application/octet-stream",
      buffer: await readFile(await download.path()),
    };
    const { origin } = new URL(page.url());
    await page.goto("about:blank");
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
    await page.goto("/#/concepts");
    await page.locator("input[aria-label='Concept files']").setInputFiles(file);
    const card = page.getByRole("article", { name: file.name });
    // The engine looks inside, and may be opening the model.
    await expect(card).toBeVisible(SLOW);
    for (const fact of ["<new1>", "cat", "<new2>", "dog", "nano"]) {
      await expect(card).toContainText(fact);
    }
    await card.getByRole("button", { name: "Import", exact: true }).click();
    await expect(page.getByRole("button", { name: /^More for/ })).toHaveCount(1);
  });
});
