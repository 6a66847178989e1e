/** @file An engine that dies while it trains costs ten steps at most, however it dies, and as often as it does. */
import { expect, test, type Page } from "@playwright/test";
import { engineStopped, harm, type Deed } from "./support/harm.ts";
import { importNano, SLOW, trainNano } from "./support/nano.ts";

const STEPS = 90;

/** The step that the page shows, or that it says is kept. */
async function stepOn(page: Page, words: RegExp): Promise<number> {
  const texts = await page.getByText(words).allTextContents();
  return Math.max(0, ...texts.map((text) => Number(words.exec(text)?.[1])));
}

async function crashAt(page: Page, step: number, deed: Deed): Promise<void> {
  const shown = () => stepOn(page, /^Step (\d+) of \d+$/);
  await expect.poll(shown, { ...SLOW, intervals: [50] }).toBeGreaterThanOrEqual(step);
  const reached = await shown();
  harm(page, deed);
  await expect(engineStopped(page)).toContainText("Nothing that was saved is lost", SLOW);
  await expect(page.getByRole("alert", { name: "Training stopped" })).toBeVisible();
  await expect(page.getByText("Interrupted", { exact: true }).first()).toBeVisible();
  const kept = await stepOn(page, /Step (\d+) of \d+ is kept/);
  expect(kept).toBeGreaterThanOrEqual(reached - 10);
  expect(kept).toBeLessThan(STEPS);
}

async function goOn(page: Page): Promise<void> {
  await engineStopped(page).getByRole("button", { name: "Restart the engine" }).click();
  await expect(engineStopped(page)).toBeHidden();
  const resume = page.getByRole("button", { name: "Resume" });
  await expect(resume).toBeEnabled(SLOW);
  await resume.click();
  await expect(page.getByRole("alert", { name: "Training stopped" })).toBeHidden();
}

test("a run goes on after its engine has died twice, and ends with all its steps", async ({
  page,
}) => {
  await importNano(page);
  await trainNano(page, STEPS);
  await crashAt(page, 13, "end");
  await goOn(page);
  await crashAt(page, 33, "throw");
  await goOn(page);
  await expect(page.getByRole("button", { name: "Generate with it" })).toBeVisible(SLOW);
  await expect(page.getByText("Finished", { exact: true }).first()).toBeVisible();
  await expect(page.getByText(new RegExp(`^Losses over ${STEPS} steps`))).toBeAttached();
});
