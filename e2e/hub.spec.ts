/**
 * @file Models by repository id, from a server that answers as Hugging Face does: added, paused, interrupted and gone on
 * with, without a byte twice; painted with; and what is said where it cannot be.
 */
import { expect, type Page, test } from "@playwright/test";
import { type HubServer, startHubServer } from "../tests/support/hub-server.ts";
import { nanoFileMap } from "../tests/support/nano-files.ts";
import { expectAccessible, watchConsole } from "./support/accessible.ts";

const SLOW = { timeout: 120_000 };
/** More than two of the chunks that are stored, so that there is a middle. */
const LARGE = "clip/image_encoder.onnx";
const LARGE_BYTES = 40_000_000;
/** What may lie in the connection's buffers, sent and never read, where it is cut. */
const IN_FLIGHT = 8_000_000;
const CHUNK = 16 * 2 ** 20;

let server: HubServer;

async function start(
  options: Partial<Parameters<typeof startHubServer>[0]> = {},
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  server = await startHubServer({ files: await nanoFileMap("dynamo", changes), ...options });
}

async function startWithLarge(): Promise<void> {
  const files = await nanoFileMap("dynamo");
  files.set(
    LARGE,
    Uint8Array.from({ length: LARGE_BYTES }, (_, i) => (i * 7919) >> 7),
  );
  server = await startHubServer({ files });
}

test.describe.configure({ timeout: 150_000 });
test.afterEach(() => server.close());

const card = (page: Page) => page.getByRole("region", { name: "Add a model" });
const list = (page: Page) => page.getByRole("region", { name: "Models in this browser" });
const button = (page: Page, name: string) => card(page).getByRole("button", { name, exact: true });

async function lookAt(page: Page, repository: string): Promise<void> {
  await card(page).getByLabel("Repository").fill(repository);
  const server_ = card(page).getByLabel("Server");
  if (!(await server_.isVisible())) await card(page).getByRole("button", { name: /^More/ }).click();
  await server_.fill(server.address);
  await button(page, "Look at it").click();
}

/** Downloads until more than a chunk of the large file is here. */
async function downloadToTheMiddle(page: Page): Promise<void> {
  server.faults.set(LARGE, { kind: "slow", bytesPerSecond: 12e6 });
  await button(page, "Download").click();
  await expect(
    card(page).getByText(/^clip\/image_encoder\.onnx, 2\d\.\d MB of 40\.0 MB$/),
  ).toBeVisible(SLOW);
  // There it stays, nearly.
  server.faults.set(LARGE, { kind: "slow", bytesPerSecond: 300_000 });
}

const startsOf = (path: string): number[] =>
  server.asked
    .filter(({ host, url }) => host === "store" && url.startsWith(`/${path}?`))
    .map(({ range }) => Number(/\d+/.exec(range ?? "0")?.[0]));

test("a model is added by its id, paused and resumed, and paints", async ({ page }) => {
  await startWithLarge();
  const complaints = watchConsole(page);
  await page.goto("/#/models");
  await lookAt(page, `${server.address}/${server.repository}`);
  await expect(card(page).getByText("Licence: cc0-1.0")).toBeVisible();
  await expect(card(page).getByText(/^4\d\.\d MB in 15 files$/)).toBeVisible();
  await card(page).getByText("Which files").click();
  await expectAccessible(page);
  expect(server.sent(LARGE)).toBe(0);

  await downloadToTheMiddle(page);
  await expect(card(page).getByText(/^Downloading .* left$/)).toBeVisible();
  await card(page)
    .getByText(/^File \d+ of 15$/)
    .click();
  await expectAccessible(page);
  await button(page, "Pause").click();
  await expect(
    card(page).getByText("Paused. What was downloaded of “studio/nano” is kept"),
  ).toBeVisible();
  await expect(
    list(page).getByText(/Its download was not finished: [\d.]+ MB are here/),
  ).toBeVisible();
  server.faults.clear();
  await button(page, "Resume").click();
  await expect(card(page).getByText("“studio/nano” is downloaded")).toBeVisible(SLOW);
  // It went on behind what had come, in the middle of a chunk, and asked for nothing else a second time.
  const [first, second, ...more] = startsOf(LARGE);
  expect([first, more]).toEqual([0, []]);
  expect(second).toBeGreaterThan(20_000_000);
  expect(server.sent(LARGE)).toBeLessThan(LARGE_BYTES + IN_FLIGHT);
  for (const { url } of server.asked.filter(({ host }) => host === "store")) {
    const path = url.slice(1).split("?")[0]!;
    if (path !== LARGE) expect(startsOf(path), path).toEqual([0]);
  }
  // Ranges need no preflight, which the second host refuses.
  expect(server.asked.filter(({ method }) => method !== "GET")).toEqual([]);

  await button(page, "Open it").click();
  await expect(page.getByRole("heading", { name: "studio/nano", exact: true })).toBeVisible();
  await expect(page.getByTestId("backend-reason")).toBeVisible(SLOW);
  await page.getByRole("button", { name: "Check the files of studio/nano" }).click();
  await expect(page.getByText("Every file is as it was stored.")).toBeVisible();
  await page.getByRole("link", { name: "Generate" }).first().click();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("a cat");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await expect(page.getByRole("img", { name: /a cat/ }).first()).toBeVisible(SLOW);
  expect(complaints).toEqual([]);
});

test("a download that the page's end interrupted goes on from the list, and so does one that is damaged", async ({
  page,
}) => {
  await startWithLarge();
  await page.goto("/#/models");
  await lookAt(page, server.repository);
  await downloadToTheMiddle(page);
  await page.reload();
  await expect(
    list(page).getByText(/Its download was not finished: [\d.]+ MB are here/),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "Open studio/nano" })).toBeHidden();
  server.faults.clear();
  await page.getByRole("button", { name: "Resume the download of studio/nano" }).click();
  await expect(card(page).getByText("“studio/nano” is downloaded")).toBeVisible(SLOW);
  // Whole chunks are kept: at most the one under way comes again.
  const [, second, ...more] = startsOf(LARGE);
  expect(second).toBeGreaterThanOrEqual(CHUNK);
  expect(more).toEqual([]);
  expect(server.sent(LARGE)).toBeLessThan(LARGE_BYTES + CHUNK + IN_FLIGHT);

  // What is damaged on the disk is found, and fetched again from there.
  await page.evaluate(
    async ([file, at]) => {
      let folder = await navigator.storage.getDirectory();
      for (const name of ["models", "studio-nano", "clip"]) {
        folder = await folder.getDirectoryHandle(name);
      }
      const handle = await folder.getFileHandle(file);
      const stream = await handle.createWritable({ keepExistingData: true });
      await stream.write({ type: "write", position: at, data: "damaged" });
      await stream.close();
    },
    ["image_encoder.onnx", CHUNK + 1000] as const,
  );
  await page.getByRole("button", { name: "Check the files of studio/nano" }).click();
  await expect(list(page).getByText(`Not as stored: ${LARGE}.`)).toBeVisible();
  await expect(page.getByRole("button", { name: "Open studio/nano" })).toBeHidden();
  await page.getByRole("button", { name: "Resume the download of studio/nano" }).click();
  await expect(page.getByRole("button", { name: "Open studio/nano" })).toBeVisible(SLOW);
  expect(startsOf(LARGE)).toEqual([0, second, CHUNK]);

  await page.getByRole("button", { name: "Remove studio/nano" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove studio/nano?" });
  await expect(dialog.getByText(/frees 4\d\.\d MB/)).toBeVisible();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(list(page).getByText("studio/nano", { exact: true })).toBeHidden();
});

test("broken connections are made again, and a wrong file is thrown away", async ({ page }) => {
  await startWithLarge();
  server.faults.set(LARGE, { kind: "break", after: 5_000_000, times: 1 });
  server.faults.set("unet/model.onnx.data", { kind: "wrong", times: 1 });
  await page.goto("/#/models");
  await lookAt(page, server.repository);
  await button(page, "Download").click();
  await expect(page.getByRole("alert")).toContainText(
    '"unet/model.onnx.data" of "studio/nano" is not what its repository says it is',
    SLOW,
  );
  // It is said for a second, and is looked for in every frame.
  const said = page.waitForFunction(
    (text) => document.body.textContent.includes(text),
    "The connection broke off; it is tried again.",
    { polling: "raf", ...SLOW },
  );
  await button(page, "Resume").click();
  await said;
  await expect(card(page).getByText("“studio/nano” is downloaded")).toBeVisible(SLOW);
  expect(startsOf("unet/model.onnx.data")).toEqual([0, 0]);
  expect(startsOf("vae_decoder/model.onnx.data")).toEqual([0]);
  expect(startsOf(LARGE)).toEqual([0, 5_000_000]);
});

test("a gated model takes a token, which goes to its server alone and is kept on request", async ({
  page,
}) => {
  await start({ gatedFor: "hf_right" });
  await page.goto("/#/models");
  await lookAt(page, server.repository);
  await expect(page.getByRole("alert")).toContainText("is given to those who accept its licence");
  await expectAccessible(page);
  const token = card(page).getByLabel("Access token");
  await token.fill("hf_right");
  await card(page).getByLabel("Keep the token in this browser").check();
  // Another server gets none of it.
  await card(page).getByLabel("Server").fill("https://mirror.example");
  await expect(token).toHaveValue("");
  await card(page).getByLabel("Server").fill(server.address);
  await expect(token).toHaveValue("hf_right");
  await button(page, "Look at it").click();
  await button(page, "Download").click();
  await expect(card(page).getByText("“studio/nano” is downloaded")).toBeVisible(SLOW);
  const ofStore = server.asked.filter(({ host }) => host === "store");
  expect(ofStore.length).toBeGreaterThan(4);
  expect(ofStore.filter(({ authorization }) => authorization !== null)).toEqual([]);
  expect(server.asked.filter(({ url }) => url.includes("hf_right"))).toEqual([]);

  await page.reload();
  await card(page).getByRole("button", { name: /^More/ }).click();
  await card(page).getByLabel("Server").fill(server.address);
  await expect(token).toHaveValue("hf_right");
  await button(page, "Forget the token").click();
  await expect(token).toHaveValue("");
  expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toContain(
    "hf_right",
  );
});

test("what cannot be added is said", async ({ page, context }) => {
  await start();
  await page.goto("/#/models");
  const alert = page.getByRole("alert");
  await lookAt(page, "studio/nowhere");
  await expect(alert).toContainText('has no public model "studio/nowhere"');
  await card(page).getByLabel("Revision").fill("v9");
  await lookAt(page, server.repository);
  await expect(alert).toContainText('"studio/nano" has no revision "v9"');
  await lookAt(page, "nonsense");
  await expect(alert.filter({ hasText: "names no repository" })).toBeVisible();

  await server.close();
  await start({}, { "unet/config.json": { in_channels: 9, cross_attention_dim: 16 } });
  await card(page).getByLabel("Revision").fill("");
  await lookAt(page, server.repository);
  await expect(alert).toContainText("Its UNet takes 9 channels, as models for inpainting");
  await expect(button(page, "Download")).toBeHidden();
  await button(page, "Cancel").click();

  await server.close();
  await start();
  await lookAt(page, server.repository);
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  await button(page, "Download").click();
  await expect(alert).toContainText(/storage for this site is full/);
  await browser.send("Storage.overrideQuotaForOrigin", { origin });
  await button(page, "Resume").click();
  await expect(card(page).getByText("“studio/nano” is downloaded")).toBeVisible(SLOW);
});
