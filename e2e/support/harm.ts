/** @file Faults of the engine, as its own would be. */
import type { Page } from "@playwright/test";

export type Deed = "end" | "throw";

/** Runs code in the engine's worker that ends it, or that nobody catches. */
export function harm(page: Page, deed: Deed): void {
  const engine = page.workers().find((worker) => worker.url().includes("engine.worker"));
  if (engine === undefined) throw new Error("the engine has no worker");
  // A worker that ends gives no answer.
  engine
    .evaluate((what) => {
      if (what === "end") self.close();
      else {
        setTimeout(() => {
          throw new Error("boom");
        });
      }
    }, deed)
    .catch(() => undefined);
}

/** The shell's own alert: a job that was under way has one as well. */
export const engineStopped = (page: Page) =>
  page.getByRole("alert", { name: "The engine stopped" });
