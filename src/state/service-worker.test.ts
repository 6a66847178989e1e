/** @file When the page is loaded again for isolation: once, and only where that helps. */
import { describe, expect, it } from "vitest";
import { needsReload } from "./service-worker.ts";

describe("needsReload", () => {
  it("loads again where a service worker can isolate the page", () => {
    expect(needsReload({ isolated: false, active: true, reloaded: false })).toBe(true);
  });

  it.each([
    { isolated: true, active: true, reloaded: false },
    { isolated: false, active: false, reloaded: false },
    { isolated: false, active: true, reloaded: true },
  ])("does not: %o", (page) => {
    expect(needsReload(page)).toBe(false);
  });
});
