/** @file What can go wrong says so in a sentence, and takes nothing else with it. */
import { expect, test, type Page } from "@playwright/test";
import { engineStopped, harm } from "./support/harm.ts";

/** Opening the model and painting on two slow cores. */
const PAINTED = { timeout: 180_000 };

const tiles = (page: Page) => page.getByRole("button", { name: /^Open: / });

async function generate(page: Page, steps: number): Promise<void> {
  await page.getByLabel("Steps").fill(String(steps));
  await page.getByRole("button", { name: "Generate", exact: true }).click();
}

const step = (page: Page) => page.getByTestId("job-state").filter({ hasText: /^Step [1-9]/ });

test("an engine that dies, silently or with an error, is started again, and paints what it had not", async ({
  page,
}) => {
  await page.goto("/");
  await generate(page, 2);
  await expect(tiles(page)).toHaveCount(1, PAINTED);
  await generate(page, 50);
  const failed = page.getByRole("alert", { name: "Not painted" });
  for (const [deed, words] of [
    ["end", "without a word"],
    ["throw", "boom"],
  ] as const) {
    await test.step(deed, async () => {
      await expect(step(page)).toBeVisible(PAINTED);
      harm(page, deed);
      // It hears of it between two steps.
      await expect(engineStopped(page)).toContainText(words, PAINTED);
      await expect(engineStopped(page)).toContainText("Nothing that was saved is lost");
      await expect(tiles(page)).toHaveCount(1);
      await engineStopped(page).getByRole("button", { name: "Restart the engine" }).click();
      await expect(engineStopped(page)).toBeHidden();
      await failed.getByRole("button", { name: "Try again" }).click();
      await expect(failed).toBeHidden();
    });
  }
  await expect(step(page)).toBeVisible(PAINTED);
});

test("storage that is full: the image is not kept, the ones before are, and it works again with room", async ({
  page,
}) => {
  await page.goto("/");
  await generate(page, 2);
  await expect(tiles(page)).toHaveCount(1, PAINTED);
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  // Chromium asks for the room that IndexedDB has at most every 30 s (kBucketSpaceCacheTimeLimit) and trusts the
  // answer meanwhile.
  await page.goto("about:blank");
  await page.waitForTimeout(31_000);
  await page.goto("/");
  await generate(page, 2);
  const failed = page.getByRole("alert", { name: "Not painted" });
  await expect(failed).toContainText("storage for this site is full", PAINTED);
  await expect(tiles(page)).toHaveCount(1);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await failed.getByRole("button", { name: "Try again" }).click();
  await expect(tiles(page)).toHaveCount(2, PAINTED);
});

test("a concept file that is damaged: it is named, and nothing is stored", async ({ page }) => {
  await page.goto("/#/concepts");
  await page.getByLabel("Concept files").setInputFiles({
    name: "broken.concept.safetensors",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("this is no tensor"),
  });
  const refused = page.getByRole("alert", { name: "A file was not imported" });
  // The engine looks inside, and may be opening the model.
  await expect(refused).toContainText("broken.concept.safetensors", PAINTED);
  await page.reload();
  await expect(page.getByRole("button", { name: "Choose files" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^More for/ })).toHaveCount(0);
});

test("a photo that cannot be read: it is named, and the photos beside it stay", async ({
  page,
}) => {
  await page.goto("/#/concepts/new");
  const files = page.getByLabel("Choose photos");
  await files.setInputFiles("public/samples/concepts/teddy-bear/1.png");
  await expect(page.getByRole("button", { name: "Remove 1.png" })).toBeVisible();
  await files.setInputFiles({
    name: "holiday.jpg",
    mimeType: "image/jpeg",
    buffer: Buffer.from("not a picture"),
  });
  await expect(page.getByRole("main")).toContainText('"holiday.jpg" is not a photo');
  await expect(page.getByRole("button", { name: "Remove 1.png" })).toBeVisible();
});
