/** @file Looking for Chromium on a PATH and in Playwright's cache. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findInPlaywrightCache, which } from "./find-chromium.mjs";

let folder: string;

function write(file: string, mode: number): string {
  const full = path.join(folder, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, "", { mode });
  return full;
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "find-chromium-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("which", () => {
  it("takes the first that may be run", () => {
    write("plain/chromium", 0o644);
    const runnable = write("bin/chromium", 0o755);
    const searchPath = ["", "/nowhere", "plain", "bin"]
      .map((name) => (name === "" || name.startsWith("/") ? name : path.join(folder, name)))
      .join(path.delimiter);
    expect(which("chromium", searchPath)).toBe(runnable);
    expect(which("google-chrome", searchPath)).toBeNull();
  });
});

describe("findInPlaywrightCache", () => {
  it("takes the newest full browser, never the headless shell", () => {
    write("cache/chromium-999/chrome-linux/chrome", 0o755);
    const newest = write("cache/chromium-1200/chrome-linux64/chrome", 0o755);
    write("cache/chromium_headless_shell-1300/chrome-linux/headless_shell", 0o755);
    write("cache/chromium-1400/INSTALLATION_STARTED", 0o644);
    expect(findInPlaywrightCache(path.join(folder, "cache"))).toBe(newest);
  });

  it("finds nothing where there is no cache", () => {
    expect(findInPlaywrightCache(path.join(folder, "no-cache"))).toBeNull();
  });
});
