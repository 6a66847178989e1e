/** @file What every page is held to: nothing grave for axe, no errors in the console, nothing wider than the screen. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** What fades in has less contrast while it does: judged is what a person gets to read. */
async function whatMovesHasArrived(page: Page): Promise<void> {
  const moving = () =>
    document.getAnimations().filter((animation) => {
      const end = animation.effect?.getComputedTiming().endTime;
      return animation.playState === "running" && end !== Infinity;
    }).length;
  // Twice in a row: a dialog that has just been asked for begins to move a frame later.
  for (let still = 0; still < 2; still++) {
    await page.waitForTimeout(100);
    await expect.poll(() => page.evaluate(moving)).toBe(0);
  }
}

export async function expectAccessible(page: Page): Promise<void> {
  await whatMovesHasArrived(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}

export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over).toBeLessThanOrEqual(0);
}

/** @returns what went wrong so far, as the browser's console has it */
export function watchConsole(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}
