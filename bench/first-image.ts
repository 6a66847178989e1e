/**
 * @file From a first visit to a first image: a browser with nothing in its caches, the built app from our own server,
 * one click, and the picture in the gallery.
 */
import { build, buildIsCurrent, distFolder } from "../scripts/build.mjs";
import { ensureChromium } from "../scripts/find-chromium.mjs";
import { createStaticServer } from "../scripts/static-server.mjs";
import { launchChromium } from "./peers/chromium.ts";

export const FIRST_IMAGE = "first image, cold cache";

export interface FirstImage {
  /** Milliseconds from the page's address to the first denoising step, and to the image; one a visit. */
  readonly open: number[];
  readonly image: number[];
}

export async function measureFirstImage(rounds: number): Promise<FirstImage> {
  if (!buildIsCurrent()) await build();
  ensureChromium();
  const server = await createStaticServer(distFolder);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const open: number[] = [];
  const image: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const times = await visit(`http://127.0.0.1:${port}/`);
      open.push(times.open);
      image.push(times.image);
    }
  } finally {
    server.close();
  }
  return { open, image };
}

/** A browser of its own each time: its profile, and with it every cache, is new. */
async function visit(url: string): Promise<{ readonly open: number; readonly image: number }> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(600_000);
    const start = performance.now();
    await page.goto(url);
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    await page
      .getByText(/^Step \d+ of/)
      .first()
      .waitFor();
    const open = performance.now() - start;
    await page
      .getByRole("button", { name: /^Open: / })
      .first()
      .waitFor();
    return { open, image: performance.now() - start };
  } finally {
    await browser.close();
  }
}
