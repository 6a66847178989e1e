/** @file A first visit: the default model opens, the page says what computes and why, and predicts noise. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

/** Opening downloads the model's files and prepares two sessions, on as little as two slow cores. */
const OPENING = { timeout: 180_000 };
const PREDICTING = { timeout: 60_000 };

/** Everything the page complains about, for the test to look at when it is done. */
function watchForComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
  ).toEqual([]);
}

/** How many different colours each picture of a channel has. */
async function coloursOfChannels(page: Page): Promise<number[]> {
  return page.locator("canvas").evaluateAll((canvases) =>
    canvases.map((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) return 0;
      const context = canvas.getContext("2d");
      if (context === null) return 0;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );
}

test("opens the default model, says what computes and why, and predicts noise", async ({
  page,
}) => {
  const complaints = watchForComplaints(page);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Custom Diffusion Studio" })).toBeVisible();
  await expectAccessible(page);

  // The tests' adapter is emulated in software, which is slower than WebAssembly.
  const reason = page.getByTestId("backend-reason");
  await expect(reason).toContainText(/software/i, OPENING);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await expect(page.getByTestId("backend-badge")).toHaveText(/^WASM · [1-9]\d* threads?$/);
  await expect(page.getByRole("heading", { name: "Toybox 256" })).toBeVisible();
  await expect(fact(page, "Cross-attention blocks")).toHaveText("16");
  await expect(fact(page, "Latents")).toHaveText("1 × 4 × 32 × 32");

  await page.getByRole("button", { name: "Predict noise" }).click();
  await expect(page.getByText("Noise predicted in")).toBeAttached(PREDICTING);
  await expect(page.locator("canvas")).toHaveCount(4);
  // 1024 different values on a continuous scale: a picture of one colour, or of a few, is wrong.
  for (const colours of await coloursOfChannels(page)) expect(colours).toBeGreaterThan(50);
  // Predicted noise resembles the unit normal noise it is asked about.
  const deviation = Number(await fact(page, "Standard deviation").textContent());
  expect(deviation).toBeGreaterThan(0.5);
  expect(deviation).toBeLessThan(1.5);
  await expect(fact(page, "Prompt tokens")).toHaveText(/^[1-9]/);
  await expectAccessible(page);

  await page.getByRole("button", { name: "Switch to the dark colour scheme" }).click();
  await expect(page.getByRole("button", { name: /the light colour scheme/ })).toBeVisible();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test("says which model it does not know, and what to do", async ({ page }) => {
  const complaints = watchForComplaints(page);
  await page.goto("/?model=nope");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("nope");
  await expect(alert).toContainText("toybox-256");
  await expect(page.getByRole("button", { name: "Predict noise" })).toBeDisabled();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test("fits a phone, and can be used from the keyboard", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/?model=nope");
  await expect(page.getByRole("alert")).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);

  const slider = page.getByRole("slider", { name: /Timestep/ });
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveAttribute("aria-valuenow", "501");
  await page.getByRole("radio", { name: "Auto" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "WebGPU" })).toBeChecked();
});

function fact(page: Page, name: string) {
  return page.locator("dl > div", { has: page.getByText(name, { exact: true }) }).locator("dd");
}
