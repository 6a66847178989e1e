/** @file The WebGPU path as a person uses it: the nano model, brought along, trains and paints on SwiftShader's adapter. */
import { expect, test } from "@playwright/test";
import { importNano, SLOW, trainNano } from "./support/nano.ts";

test("a model that was imported trains and paints on WebGPU", async ({ page }) => {
  // Compiling pipelines in software, for training and for painting, is most of it.
  test.setTimeout(600_000);
  await test.step("it is imported, opened, and computed with WebGPU", async () => {
    await importNano(page);
    await page.getByText("WebGPU", { exact: true }).first().click();
    await expect(page.getByTestId("backend-badge")).toContainText(/WebGPU.*SwiftShader/i, SLOW);
  });

  await test.step("it trains two steps", async () => {
    await trainNano(page, 2);
    await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
    await expect(
      page.getByText(/^Losses over 2 steps, smoothed: target loss from \d/),
    ).toBeAttached();
  });

  await test.step("it paints with what it learnt, and the image says on what", async () => {
    await page.getByRole("button", { name: "Generate with it" }).click();
    await page.getByLabel("Steps").fill("1");
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    const tile = page.getByRole("button", { name: /^Open: .*<new1> cat/ });
    await expect(tile).toHaveCount(1, SLOW);
    await tile.click();
    await expect(page.getByRole("dialog")).toContainText("WebGPU");
  });
});
