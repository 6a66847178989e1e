/**
 * @file `npm run screenshots -- [--concept FILE]... [--steps N]`: uses the built studio as a person would, and writes
 * pictures of every page, light and dark, desktop and phone, to docs/images/. Without a concept file the pictures show
 * the base model's images only; of a bear <new1> the first is painted, and with a second the page Compose shows both. A training run of N steps (20 unless given) is what the run's page shows.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium, type Page } from "@playwright/test";
import sharp from "sharp";
import { build, buildIsCurrent, distFolder } from "../scripts/build.mjs";
import { chromiumFlags } from "../scripts/chromium-flags.mjs";
import { findChromium } from "../scripts/find-chromium.mjs";
import { createStaticServer } from "../scripts/static-server.mjs";

const { values } = parseArgs({
  options: {
    concept: { type: "string", multiple: true, default: [] as string[] },
    steps: { type: "string", default: "20" },
  },
});

const FOLDER = fileURLToPath(new URL("../docs/images/", import.meta.url));
const SIZES = {
  desktop: { width: 1280, height: 1100 },
  phone: { width: 390, height: 844 },
} as const;
const SCHEMES = ["light", "dark"] as const;

/** One picture a scheme and size. */
async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      // Colours fade from one scheme to the other.
      await page.waitForTimeout(400);
      await sharp(await page.screenshot())
        .webp({ quality: 82 })
        .toFile(`${FOLDER}${name}-${size}-${colorScheme}.webp`);
    }
  }
  await page.setViewportSize(SIZES.desktop);
  await page.emulateMedia({ colorScheme: "light" });
}

async function paint(page: Page, prompts: readonly string[]): Promise<void> {
  const tiles = page.getByRole("button", { name: /^Open: / });
  for (const prompt of prompts) {
    const before = await tiles.count();
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(prompt);
    // The same pictures whenever this is run.
    await page.getByLabel("Seed", { exact: true }).fill("6");
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    await tiles.nth(before).waitFor();
  }
}

/** Everything that was imported, side by side. */
async function compose(page: Page, go: (route: string) => Promise<unknown>): Promise<void> {
  await go("compose");
  await page.getByRole("checkbox").first().waitFor();
  for (const box of await page.getByRole("checkbox").all()) await box.check();
  await page.getByLabel("Seed", { exact: true }).fill("2");
  await page
    .getByRole("textbox", { name: "Prompt" })
    .fill("photo of a <new1> bear and a <new2> car on the road");
  await page.getByRole("button", { name: "Paint all" }).click();
  await page.getByText("Not painted yet").first().waitFor({ state: "detached" });
  while ((await page.getByText("Not painted yet").count()) > 0) await page.waitForTimeout(1000);
  await page.getByText("By regions").click();
  await page.getByRole("button", { name: "Side by side" }).click();
  await page.getByRole("button", { name: "Paint what is missing" }).click();
  while ((await page.getByText("Not painted yet").count()) > 0) await page.waitForTimeout(1000);
  await shoot(page, "compose");
}

if (!buildIsCurrent()) await build();
await mkdir(FOLDER, { recursive: true });
const server = await createStaticServer(distFolder);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
const port = typeof address === "object" && address !== null ? address.port : 0;
const found = findChromium();
const browser = await chromium.launch({
  args: chromiumFlags(process.env),
  ...(found === null ? { channel: "chromium" } : { executablePath: found.path }),
});
try {
  const page = await browser.newPage({ viewport: SIZES.desktop });
  page.setDefaultTimeout(1_200_000);
  const go = (route: string) => page.goto(`http://127.0.0.1:${port}/#/${route}`);
  await go("");
  await page.getByTestId("backend-badge").waitFor();
  await shoot(page, "welcome");
  await paint(page, ["photo of a cat in the forest", "photo of a blue car on the road"]);
  if (values.concept.length > 0) {
    for (const [i, file] of values.concept.entries()) {
      await go("concepts");
      await page.locator("input[aria-label='Concept files']").setInputFiles(file);
      const card = page.getByRole("article");
      const button = card.getByRole("button", { name: "Import", exact: true });
      await button.waitFor();
      if (i === 0) await shoot(page, "import");
      await button.click();
      await page
        .getByRole("button", { name: /^More for/ })
        .nth(i)
        .waitFor();
    }
    if (values.concept.length > 1) await compose(page, go);
    await go("generate");
    await page.getByRole("list", { name: "Concepts to put into the prompt" }).waitFor();
    await paint(page, [
      "photo of a <new1> bear at sunset",
      "photo of a <new1> bear in the forest",
      "photo of a <new1> bear in the snow",
      "photo of a <new1> bear on the beach",
    ]);
  }
  await shoot(page, "generate");
  await page
    .getByRole("button", { name: /^Open: / })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Download PNG" }).waitFor();
  await shoot(page, "image");
  await page.keyboard.press("Escape");
  await go("concepts/new");
  await page.getByRole("button", { name: /Teddy bear/ }).click();
  await page
    .getByRole("region", { name: "Estimate" })
    .getByText(/about|minute/i)
    .first()
    .waitFor();
  await shoot(page, "new-concept");
  await page.getByRole("button", { name: "Advanced settings" }).click();
  const drawer = page.getByRole("dialog", { name: "Advanced settings" });
  await drawer.waitFor();
  await shoot(page, "advanced");
  await drawer.getByLabel("Steps", { exact: true }).fill(values.steps);
  await drawer.getByLabel("Every so many steps").fill(String(Math.ceil(Number(values.steps) / 2)));
  await drawer.getByLabel("None").check();
  await drawer.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText(/^Losses over \d+ steps/).waitFor({ state: "attached" });
  await shoot(page, "training");
  await page.getByText("Finished", { exact: true }).first().waitFor();
  await shoot(page, "run");
  await go("concepts");
  await page
    .getByRole("button", { name: /^More for/ })
    .first()
    .waitFor();
  await shoot(page, "concepts");
  await go("models");
  await page.getByRole("region", { name: "Storage" }).waitFor();
  await shoot(page, "models");
} finally {
  await browser.close();
  server.close();
}
