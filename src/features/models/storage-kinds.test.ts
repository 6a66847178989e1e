/** @file Shares of storage: every kind is named, and what the browser adds comes last. */
import { expect, it } from "vitest";
import { sharesOf } from "./storage-kinds.ts";

const kinds = { models: 50, images: 20, concepts: 10, runs: 5, regularisation: 0, app: 5 };

it("names every kind, and what the browser counts beyond them", () => {
  const shares = sharesOf({ kinds, used: 100, quota: 1000 });
  expect(shares.map(({ kind, bytes }) => [kind, bytes])).toEqual([
    ["models", 50],
    ["images", 20],
    ["concepts", 10],
    ["runs", 5],
    ["regularisation", 0],
    ["app", 5],
    ["other", 10],
  ]);
});

it("adds nothing where the browser counts less, or nothing at all", () => {
  for (const used of [80, null]) {
    expect(sharesOf({ kinds, used, quota: null }).map(({ kind }) => kind)).not.toContain("other");
  }
});
