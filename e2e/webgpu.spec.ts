/** @file The WebGPU path as a person uses it: the nano model, brought along, trains and paints on SwiftShader's adapter. */
import path from "node:path";
import { expect, test } from "@playwright/test";
import { writeNanoFolder } from "../tests/support/nano-folder.ts";
import { SAMPLES, filesField } from "./support/photos.ts";

/** Compiling pipelines in software takes its time. */
const SLOW = { timeout: 180_000 };

test("a model that was imported trains and paints on WebGPU", async ({ page }) => {
  await test.step("it is imported, opened, and computed with WebGPU", async () => {
    await page.goto("/#/models");
    await page.getByTestId("model-folder").setInputFiles(await writeNanoFolder("nano"));
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("button", { name: "Open it" }).click(SLOW);
    await expect(page.getByRole("heading", { name: "nano", exact: true })).toBeVisible();
    await page.getByText("WebGPU", { exact: true }).first().click();
    await expect(page.getByTestId("backend-badge")).toContainText(/WebGPU.*SwiftShader/i, SLOW);
  });

  await test.step("it trains three steps", async () => {
    await page.getByRole("link", { name: "Concepts" }).first().click();
    await page.getByRole("link", { name: "New concept" }).first().click();
    await filesField(page, "Choose photos").setInputFiles(
      [1, 2].map((i) => path.join(SAMPLES, `concepts/teddy-bear/${i}.png`)),
    );
    await expect(page.getByRole("list", { name: "Photos" }).getByRole("listitem")).toHaveCount(2);
    await page.getByLabel("What kind of thing").fill("cat");
    await page.getByRole("button", { name: "Advanced settings" }).click();
    const drawer = page.getByRole("dialog", { name: "Advanced settings" });
    await drawer.getByLabel("Steps", { exact: true }).fill("3");
    await drawer.getByLabel("Batch", { exact: true }).fill("2");
    await drawer.getByLabel("None").check();
    await drawer.getByLabel("Views of each photo").fill("2");
    await drawer.getByLabel("Every so many steps").fill("0");
    await drawer.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
    await expect(
      page.getByText(/^Losses over 3 steps, smoothed: target loss from \d/),
    ).toBeAttached();
  });

  await test.step("it paints with what it learnt, and the image says on what", async () => {
    await page.getByRole("button", { name: "Generate with it" }).click();
    await page.getByLabel("Steps").fill("3");
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    const tile = page.getByRole("button", { name: /^Open: .*<new1> cat/ });
    await expect(tile).toHaveCount(1, SLOW);
    await tile.click();
    await expect(page.getByRole("dialog")).toContainText("WebGPU");
  });
});
