/** @file The nano model, brought along, and a run of it: steps of milliseconds. */
import path from "node:path";
import { expect, type Page } from "@playwright/test";
import { writeNanoFolder } from "../../tests/support/nano-folder.ts";
import { SAMPLES, filesField } from "./photos.ts";

/** Compiling pipelines in software takes its time. */
export const SLOW = { timeout: 300_000 };

export async function importNano(page: Page): Promise<void> {
  await page.goto("/#/models");
  await page.getByTestId("model-folder").setInputFiles(await writeNanoFolder("nano"));
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("button", { name: "Open it" }).click(SLOW);
  await expect(page.getByRole("heading", { name: "nano", exact: true })).toBeVisible();
}

/** Fills in the form of a new concept and presses Train. */
export async function trainNano(page: Page, steps: number, category = "cat"): Promise<void> {
  await page.getByRole("link", { name: "Concepts" }).first().click();
  await page.getByRole("link", { name: "New concept" }).first().click();
  await filesField(page, "Choose photos").setInputFiles(
    [1, 2].map((i) => path.join(SAMPLES, `concepts/teddy-bear/${i}.png`)),
  );
  await expect(page.getByRole("list", { name: "Photos" }).getByRole("listitem")).toHaveCount(2);
  await page.getByLabel("What kind of thing").fill(category);
  await page.getByRole("button", { name: "Advanced settings" }).click();
  const drawer = page.getByRole("dialog", { name: "Advanced settings" });
  await drawer.getByLabel("Steps", { exact: true }).fill(String(steps));
  await drawer.getByLabel("Batch", { exact: true }).fill("2");
  await drawer.getByLabel("None").check();
  await drawer.getByLabel("Views of each photo").fill("2");
  await drawer.getByLabel("Every so many steps").fill("0");
  await drawer.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Train", exact: true }).click();
}
