/** @file The digest of the sources changes whenever a build would. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "./build.mjs";

let root: string;
const digest = () => digestOf(root, ["index.html", "src", "absent"]);

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "build-"));
  mkdirSync(path.join(root, "src", "deep"), { recursive: true });
  writeFileSync(path.join(root, "index.html"), "a");
  writeFileSync(path.join(root, "src", "deep", "b.ts"), "b");
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

describe("digestOf", () => {
  it("stays the same while nothing happens, also outside the sources", () => {
    const before = digest();
    writeFileSync(path.join(root, "README.md"), "c");
    expect(digest()).toBe(before);
  });

  it.each([
    ["added", () => writeFileSync(path.join(root, "src", "c.ts"), "c")],
    ["removed", () => rmSync(path.join(root, "src", "deep", "b.ts"))],
    ["grown", () => writeFileSync(path.join(root, "index.html"), "ab")],
    ["written again", () => utimesSync(path.join(root, "index.html"), 1, 1)],
  ])("changes when a file is %s", (_, change) => {
    const before = digest();
    change();
    expect(digest()).not.toBe(before);
  });
});
