/** @file Every page in both schemes, on a phone and on a desk: axe, the console, and the width of the screen. */
import { expect, test } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, watchConsole } from "./support/accessible.ts";

const PAGES = [
  ["/generate", "Generate"],
  ["/concepts", "Concepts"],
  ["/concepts/new", "New concept"],
  ["/compose", "Compose"],
  ["/models", "Models"],
  ["/nowhere", "There is no such page"],
] as const;

const SIZES = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
] as const;

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("every page", async ({ page }) => {
      const complaints = watchConsole(page);
      // With a model open the pages show all they have.
      await page.goto("/#/models");
      await expect(page.getByTestId("backend-reason")).toBeVisible({ timeout: 120_000 });
      for (const [address, heading] of PAGES) {
        for (const size of SIZES) {
          await test.step(`${address} at ${size.width} pixels`, async () => {
            await page.setViewportSize(size);
            await page.goto(`/#${address}`);
            await expect(
              page.getByRole("main").getByRole("heading", { name: heading, exact: true, level: 2 }),
            ).toBeVisible();
            await expectAccessible(page);
            await expectNoSidewaysScroll(page);
          });
        }
      }
      expect(complaints).toEqual([]);
    });
  });
}
