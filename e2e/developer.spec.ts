/** @file The page Developer: optimisations are switched off and on, and the time of a denoising step is told in sections. */
import { expect, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, watchConsole } from "./support/accessible.ts";

/** Opening the default model takes seconds on WebAssembly; two slow cores take longer. */
const OPENING = { timeout: 120_000 };

test("switches count when the model is opened, and a step's time is told", async ({ page }) => {
  const complaints = watchConsole(page);
  const again = page.getByRole("button", { name: "Open it again" });
  const products = page.getByRole("switch", { name: "wasm-products" });
  const lazy = page.getByRole("switch", { name: "gpu-lazy-loss" });

  await test.step("the address switches off, and the page shows it", async () => {
    await page.goto("/?without=gpu-lazy-loss#/developer");
    await expect(lazy).not.toBeChecked();
    await expect(products).toBeChecked();
    await expect(page.getByText("Nothing is measured yet")).toBeVisible();
  });

  await test.step("a switch is remembered, and counts from the next opening", async () => {
    await products.uncheck({ force: true });
    await lazy.check({ force: true });
    await expect(again).toBeVisible(OPENING);
    await page.reload();
    await expect(page).not.toHaveURL(/without/);
    await expect(products).not.toBeChecked();
    await products.check({ force: true });
    await expect(again).toBeVisible(OPENING);
    await again.click();
    await expect(again).toBeHidden();
  });

  await test.step("while an image is painted, the step's sections come in", async () => {
    await page.getByRole("link", { name: "Generate" }).first().click();
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    await page.goto("/#/developer");
    await expect(page.getByText(/^Last denoising step: \d/)).toBeVisible(OPENING);
    await expect(page.getByRole("rowheader", { name: "the UNet", exact: true })).toBeVisible();
  });

  await test.step("it is accessible, wide and narrow, light and dark", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        const shots = process.env["SHOTS"];
        if (shots !== undefined) {
          await page.screenshot({
            path: `${shots}/dev-${width}-${colorScheme}.png`,
            fullPage: true,
          });
        }
      }
    }
  });
  expect(complaints).toEqual([]);
});
