/** @file The shell: getting around by keyboard and on a phone, titles, what is under way, the welcome, installing. */
import { expect, test } from "@playwright/test";
import { expectNoSidewaysScroll } from "./support/accessible.ts";

test("the keyboard reaches every page, and each says which it is", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveTitle("Generate – Custom Diffusion Studio");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("button", { name: "Skip to the page" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  const pages = page.getByRole("navigation", { name: "Pages" });
  for (const name of ["Concepts", "Compose", "Models", "Generate"]) {
    const link = pages.getByRole("link", { name });
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(page).toHaveTitle(`${name} – Custom Diffusion Studio`);
    await expect(link).toHaveAttribute("aria-current", "page");
    await expect(pages.locator("[aria-current]")).toHaveCount(1);
  }
  await page.goBack();
  await expect(page).toHaveTitle("Models – Custom Diffusion Studio");
});

test("an address that names no page leads on", async ({ page }) => {
  await page.goto("/#/nowhere");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Models" }).click();
  await expect(page.getByRole("heading", { name: "Models", exact: true })).toBeVisible();
});

test("on a phone the pages are at the bottom, within reach of a thumb", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/");
  const link = page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link", { name: "Models" });
  const box = await link.boundingBox();
  expect(box?.y).toBeGreaterThan(600);
  expect(box?.height).toBeGreaterThanOrEqual(44);
  await link.click();
  await expect(page.getByRole("heading", { name: "Models", exact: true })).toBeVisible();
  await expectNoSidewaysScroll(page);
});

test("the welcome says what this is, leads to a concept, and does not come back", async ({
  page,
}) => {
  await page.goto("/");
  const welcome = page.getByRole("region", { name: "Teach a model your things" });
  await welcome.getByRole("link", { name: "Teach it something" }).click();
  await expect(page).toHaveTitle("New concept – Custom Diffusion Studio");
  await page.goto("/");
  await welcome.getByRole("button", { name: "Close the welcome" }).click();
  await expect(welcome).toBeHidden();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Generate", exact: true })).toBeVisible();
  await expect(welcome).toBeHidden();
});

test("a first visit trains a concept with two clicks", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Try it with a teddy bear" }).click();
  await page.getByRole("button", { name: "Train", exact: true }).click({ timeout: 120_000 });
  await expect(page.getByRole("heading", { name: "Teddy bear", level: 2 })).toBeVisible();
  await expect(page.getByText("Training runs in this tab.")).toBeVisible();
  await expect(page.getByRole("list", { name: "Photos" }).getByRole("listitem")).toHaveCount(5);
});

test("every page shows that images are being painted, and the way back to them", async ({
  page,
}) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("link", { name: "Models" }).click();
  const activity = page.getByRole("link", { name: /^Painting/ });
  await expect(activity).toBeVisible();
  await activity.click();
  await expect(page).toHaveTitle("Generate – Custom Diffusion Studio");
});

test("the app can be installed", async ({ page }) => {
  await page.goto("/");
  await page.evaluate(() => navigator.serviceWorker.ready);
  const session = await page.context().newCDPSession(page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // Tests run in a window that keeps nothing, where nothing is installed.
  const errors = installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito");
  expect(errors).toEqual([]);
  const { data = "{}" } = await session.send("Page.getAppManifest");
  const manifest = JSON.parse(data) as { icons: { src: string; sizes: string; type: string }[] };
  for (const { src, sizes, type } of manifest.icons) {
    const icon = await page.request.get(`/${src}`);
    expect(icon.headers()["content-type"]).toBe(type);
    if (type !== "image/png") continue;
    const png = await icon.body();
    expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`).toBe(sizes);
  }
});
