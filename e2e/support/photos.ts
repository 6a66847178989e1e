/** @file The sample photos, and the hidden fields that take files. */
import path from "node:path";
import type { Locator, Page } from "@playwright/test";

export const SAMPLES = path.join(import.meta.dirname, "../../public/samples");

/** The field behind a button that chooses files; the one for folders has the same name. */
export function filesField(page: Page, label: string): Locator {
  return page.locator(`input[type=file][aria-label='${label}']:not([webkitdirectory])`);
}
