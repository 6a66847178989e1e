/** @file One visit to the built app, and when on its way to an image it got how far. */
import { chromium, type BrowserContext, type Page } from "@playwright/test";
import { chromiumFlags } from "../scripts/chromium-flags.mjs";
import { findChromium } from "../scripts/find-chromium.mjs";

/** In the order in which they are usually reached. "runtime" to "open" are the engine's own marks (src/engine/engine.ts). */
export const MILESTONES = [
  "first paint",
  "page",
  "engine",
  "runtime",
  "model",
  "text and vae",
  "open",
  "first step",
  "image",
] as const;

/** Milliseconds from the page's address. */
export type Visit = Readonly<Record<(typeof MILESTONES)[number], number>>;

/** Marks of a timeline by name, in milliseconds of the clock that all threads share. */
type Marks = Readonly<Record<string, number>>;

export interface VisitOptions {
  readonly url: string;
  /** Folder of the browser's profile; what it keeps from an earlier visit is there in the next. */
  readonly profile: string;
  /** Denoising steps; null for what the page has. */
  readonly steps: number | null;
  /** Stay until the studio works without a connection, so that the next visit finds everything kept. */
  readonly untilOffline: boolean;
}

export async function visit({ url, profile, steps, untilOffline }: VisitOptions): Promise<Visit> {
  const found = findChromium();
  const browser = await chromium.launchPersistentContext(profile, {
    headless: true,
    args: chromiumFlags(process.env),
    ...(found === null ? { channel: "chromium" } : { executablePath: found.path }),
  });
  try {
    return await journey(browser, url, steps, untilOffline);
  } finally {
    await browser.close();
  }
}

async function journey(
  browser: BrowserContext,
  url: string,
  steps: number | null,
  untilOffline: boolean,
): Promise<Visit> {
  const page = await browser.newPage();
  page.setDefaultTimeout(170_000);
  await page.goto(url, { waitUntil: "commit" });
  const generate = page.getByRole("button", { name: "Generate", exact: true });
  await generate.waitFor();
  const shown = await now(page);
  // Those of an earlier visit are there once the gallery has been read, long before there is one more.
  const images = page.getByRole("button", { name: /^Open: / });
  if (steps !== null) await page.getByLabel("Steps").fill(String(steps));
  await generate.click();
  await page
    .getByText(/^Step \d+ of/)
    .first()
    .waitFor();
  const firstStep = await now(page);
  await images.nth(await images.count()).waitFor();
  const image = await now(page);
  if (untilOffline) await page.getByText("Ready to work offline").waitFor();
  const own = await page.evaluate(readMarks);
  const engine = await engineOf(page).evaluate(readMarks);
  const at = (marks: Marks, name: string): number => (marks[name] ?? NaN) - (own["start"] ?? NaN);
  return {
    "first paint": at(own, "first-contentful-paint"),
    page: shown,
    engine: at(engine, "start"),
    runtime: at(engine, "studio: runtime"),
    model: at(engine, "studio: model"),
    "text and vae": at(engine, "studio: text and vae"),
    open: at(engine, "studio: open"),
    "first step": firstStep,
    image,
  };
}

const now = (page: Page): Promise<number> => page.evaluate(() => performance.now());

function engineOf(page: Page) {
  const engine = page.workers().find((worker) => worker.url().includes("engine.worker"));
  if (engine === undefined) throw new Error("the page has no engine");
  return engine;
}

/** Runs in the page or in its worker. */
function readMarks(): Marks {
  const entries = [
    ...performance.getEntriesByType("mark"),
    ...performance.getEntriesByType("paint"),
  ];
  const marks = entries.map(({ name, startTime }) => [name, performance.timeOrigin + startTime]);
  return Object.fromEntries([["start", performance.timeOrigin], ...marks]) as Marks;
}
