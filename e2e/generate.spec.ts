/** @file Generate and its gallery: from the first visit to an image that is kept, its PNG read back, a concept in a prompt. */
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { encodeConcept } from "../src/core/concept/concept-file.ts";
import type { ImageSettings } from "../src/core/image/image-settings.ts";
import { readImageSettings } from "../src/core/image/png-settings.ts";
import { expectAccessible, expectNoSidewaysScroll } from "./support/accessible.ts";

const PROMPT = "photo of a bear on the beach";
/** Opening the model and painting on two slow cores. */
const PAINTED = { timeout: 180_000 };

const promptBox = (page: Page): Locator =>
  page.getByRole("textbox", { name: "Prompt", exact: true });
const generate = (page: Page): Locator =>
  page.getByRole("button", { name: "Generate", exact: true });
const tiles = (page: Page): Locator => page.getByRole("button", { name: /^Open: / });

/** Lets go of a file over the page, as a person's mouse does. */
async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ fileName, numbers }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(numbers)], fileName, { type: "image/png" }));
      return data;
    },
    { fileName: name, numbers: [...bytes] },
  );
  await page.dispatchEvent("main", "dragover", { dataTransfer: transfer });
  await expect(page.getByText("Drop a PNG from the studio")).toBeVisible();
  await page.dispatchEvent("main", "drop", { dataTransfer: transfer });
}

async function paintFirst(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Your first picture" })).toBeVisible();
  await page.getByLabel("Steps").fill("2");
  await generate(page).click();
  await expect(tiles(page)).toHaveCount(1, PAINTED);
}

/** Downloads the image that is open at full size. */
async function downloadOpen(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download PNG" }).click();
  const download = await waiting;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test("a first visit paints an image that stays, and whose PNG brings its settings back", async ({
  page,
}) => {
  await test.step("one click on Generate, and it is there after a reload", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await paintFirst(page);
    await expect(page.getByTestId("job-state")).toHaveCount(0);
    await expect(page.getByText(/^\d+ of 75 tokens$/)).toBeVisible();
    await expectAccessible(page);
    await page.reload();
    await expect(tiles(page)).toHaveCount(1);
    await expect(page.getByLabel("Steps")).toHaveValue("2");
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page);
  });

  await tiles(page).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("256 × 256")).toBeVisible();
  await expectAccessible(page);
  const { name, bytes } = await downloadOpen(page);
  const made: ImageSettings | null = readImageSettings(bytes);

  await test.step("the PNG carries what it was made with, and hands it over when dropped", async () => {
    expect(name).toBe("photo-of-a-bear-on-the-beach-1.png");
    expect(made).toMatchObject({ prompt: PROMPT, steps: 2, model: { id: "toybox-256" } });
    await page.keyboard.press("Escape");
    await promptBox(page).fill("something else");
    await page.getByLabel("Steps").fill("9");
    await dropFile(page, name, bytes);
    await expect(page.getByText(`The form has the settings of ${name}`)).toBeVisible();
    await expect(promptBox(page)).toHaveValue(PROMPT);
    await expect(page.getByLabel("Steps")).toHaveValue("2");
    await expect(page.getByLabel("Seed", { exact: true })).toHaveValue(String(made?.seed));
  });

  await test.step("a PNG without settings is named, and changes nothing", async () => {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Settings from a PNG" }).click();
    await (await chooser).setFiles("public/samples/concepts/teddy-bear/1.png");
    await expect(page.getByText("1.png holds no settings of the studio")).toBeVisible();
    await expect(promptBox(page)).toHaveValue(PROMPT);
  });

  await test.step("deleting can be undone, from another page as well, and is final after a reload", async () => {
    await tiles(page).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect(tiles(page)).toHaveCount(0);
    await page.getByRole("link", { name: "Concepts" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText("Deleted.")).toBeHidden();
    await page.getByRole("link", { name: "Generate", exact: true }).click();
    await expect(tiles(page)).toHaveCount(1);
    await page.reload();
    await tiles(page).click();
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect(page.getByText("Deleted.")).toBeVisible();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Your first picture" })).toBeVisible();
  });
});

/** Puts a concept into the studio's storage: a new word for the open model, and none of its weights changed. */
async function storeConcept(
  page: Page,
  { id, token, fingerprint }: { id: string; token: string; fingerprint: string },
): Promise<void> {
  const row = Float32Array.from({ length: 256 }, (_, i) => 0.02 * Math.sin(i));
  const baseModel = { id: fingerprint === "other" ? "another-model" : "toybox-256", fingerprint };
  const file = encodeConcept(
    {
      baseModel,
      train: "token",
      tokens: [{ token, category: "bear", row, initialRow: row }],
      kvDifference: null,
      queryOutDifference: null,
      settings: {},
      metrics: {},
    },
    {
      names: [],
      kv: { textWidth: 256, columns: 0, parts: [] },
      queryOut: { length: 0, parts: [] },
    },
  );
  await page.evaluate(
    async ({ numbers, ...fields }) => {
      const record = {
        version: 1,
        ...fields,
        createdAt: Date.now(),
        source: "imported",
        runId: null,
        train: "token",
        settings: {},
        metrics: {},
        file: new Blob([Uint8Array.from(numbers)]),
        thumbnails: [],
      };
      const done = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(new Error("IndexedDB failed", { cause: request.error }));
        });
      const opening = indexedDB.open("studio-concepts");
      opening.onupgradeneeded = () => void opening.result.createObjectStore("records");
      const store = (await done(opening))
        .transaction("records", "readwrite")
        .objectStore("records");
      await done(store.put(record, record.id));
    },
    {
      id,
      name: `Teddy ${id}`,
      baseModel,
      tokens: [{ token, category: "bear" }],
      numbers: [...file],
    },
  );
}

/** Where the words of the image that is open look: by keyboard, on a phone's width, in both schemes. */
async function lookAtWords(page: Page, dialog: Locator): Promise<void> {
  await dialog.getByRole("button", { name: "Where each word looks" }).press("Enter");
  const words = dialog.getByRole("group", { name: "Words of the prompt" }).getByRole("button");
  await expect(words).toHaveText(["photo", "of", "a", "<new1>", "bear"], PAINTED);
  await expect(dialog.getByRole("img", { name: "Where “<new1>” looks" })).toBeVisible();
  // From where the button was, the first word is one Tab away, and "bear" four more.
  for (let tab = 0; tab < 5; tab++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(words.and(page.locator("[aria-pressed=true]"))).toHaveText("bear");
  await expect(dialog.getByRole("img", { name: "Where “bear” looks" })).toBeVisible();
  await expect(dialog.getByText(/“bear” counts most .* of the attention/)).toBeVisible();
  await dialog.getByRole("slider").press("ArrowRight");
  await expect(dialog.getByText("Colours over the picture: 70 %")).toBeVisible();
  await expect(dialog.getByText("Image 1 of 2")).toBeVisible();
  await page.setViewportSize({ width: 360, height: 800 });
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await expectNoSidewaysScroll(page);
  await page.setViewportSize({ width: 1280, height: 720 });
  await words.getByText("bear").click();
  await expect(dialog.getByRole("img", { name: /^Where “/ })).toHaveCount(0);
}

test("a concept is put into the prompt as a chip, and painted with", async ({ page }) => {
  await paintFirst(page);
  await tiles(page).click();
  const made = readImageSettings((await downloadOpen(page)).bytes);
  const fingerprint = made?.model.fingerprint ?? "";
  await storeConcept(page, { id: "a", token: "<new1>", fingerprint });
  await storeConcept(page, { id: "b", token: "<new2>", fingerprint });
  await storeConcept(page, { id: "c", token: "<new3>", fingerprint: "other" });
  await page.reload();
  const chips = page.getByRole("list", { name: "Concepts to put into the prompt" });

  await test.step("it is inserted at the caret, and Backspace takes it out whole", async () => {
    await expect(chips.getByRole("button", { name: /Teddy c/ })).toBeDisabled(PAINTED);
    await promptBox(page).fill("photo of a ");
    await chips.getByRole("button", { name: /Teddy a/ }).click();
    await expect(promptBox(page)).toHaveValue("photo of a <new1> bear");
    await expect(promptBox(page)).toBeFocused();
    await expect(page.locator("mark")).toHaveText(["<new1> bear"]);
    await page.keyboard.press("Backspace");
    await expect(promptBox(page)).toHaveValue("photo of a");
    await chips.getByRole("button", { name: /Teddy a/ }).click();
  });

  await test.step("two concepts and unknown words are said in a sentence", async () => {
    await chips.getByRole("button", { name: /Teddy b/ }).click();
    await expect(page.getByText("more than one concept (<new1>, <new2>)")).toBeVisible();
    await expect(generate(page)).toBeDisabled();
    await page.keyboard.press("Backspace");
    await page.keyboard.type(" <new9>");
    await expect(page.getByText("No concept here is called <new9>")).toBeVisible();
    await expectAccessible(page);
    await promptBox(page).fill("photo of a <new1> bear");
  });

  await test.step("the image knows its concept, and the gallery goes by it", async () => {
    await page.getByRole("slider").press("ArrowLeft");
    await generate(page).click();
    await expect(tiles(page)).toHaveCount(2, PAINTED);
    await tiles(page).first().click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText("Teddy a (<new1> bear) at 0.95")).toBeVisible();
    await lookAtWords(page, dialog);
    await page.keyboard.press("ArrowRight");
    await expect(dialog.getByText("Image 2 of 2")).toBeVisible();
    await page.keyboard.press("Escape");
    for (const mark of await page.getByRole("checkbox").all()) await mark.check();
    await page.getByRole("button", { name: "Compare the two" }).click();
    await expect(dialog.getByRole("rowheader", { name: "Concept: different" })).toBeVisible();
    await expect(dialog.getByRole("rowheader", { name: "Steps", exact: true })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("searchbox").fill("beach");
    await expect(tiles(page)).toHaveCount(1);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("combobox", { name: "Images of a concept" }).click();
    await page.getByRole("option", { name: "Teddy a" }).click();
    await expect(tiles(page)).toHaveCount(1);
    await page.getByRole("combobox", { name: "Images of a concept" }).click();
    await page.getByRole("option", { name: "Base model alone" }).click();
    await expect(tiles(page)).toHaveCount(1);
  });
});
