/** @file The table of browsers is the same on the page and in the documentation; what is missing is said in sentences. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { supportMarkdown } from "./browser-support.ts";
import { type BrowserFacts, lacks } from "./this-browser.ts";

const cellsOf = (markdown: string): string[][] =>
  markdown
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[\s|-]+\|$/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));

it("is the same in docs/browsers.md", () => {
  const path = new URL("../../../docs/browsers.md", import.meta.url);
  // Prettier aligns the document's columns.
  expect(cellsOf(readFileSync(path, "utf8"))).toEqual(cellsOf(supportMarkdown()));
});

const complete: BrowserFacts = {
  backend: { adapter: "a GPU", isFallbackAdapter: false, crossOriginIsolated: true },
  fileStore: true,
  folders: true,
  wakeLock: true,
  serviceWorker: true,
};

it("says nothing where nothing is missing, or not known yet", () => {
  expect(lacks(complete)).toEqual([]);
  expect(lacks({ ...complete, backend: null, fileStore: null })).toEqual([]);
});

it.each([
  [{ backend: { ...complete.backend!, adapter: null } }, /no WebGPU/],
  [{ backend: { ...complete.backend!, isFallbackAdapter: true } }, /emulated in software/],
  [{ backend: { ...complete.backend!, crossOriginIsolated: false } }, /one core only/],
  [{ fileStore: false }, /no file store/],
  [{ folders: false }, /cannot choose folders/],
  [{ wakeLock: false }, /cannot keep the screen awake/],
  [{ serviceWorker: false }, /offline/],
])("says what is missing: %j", (facts, sentence) => {
  const sentences = lacks({ ...complete, ...facts });
  expect(sentences).toHaveLength(1);
  expect(sentences[0]).toMatch(sentence);
});
