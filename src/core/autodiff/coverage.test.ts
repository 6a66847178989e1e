import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { coveragePage } from "./coverage.ts";

it("docs/op-coverage.md says what the table says", () => {
  const page = readFileSync(new URL("../../../docs/op-coverage.md", import.meta.url), "utf8");
  expect(page, "run: npx tsx scripts/write-op-coverage.ts").toBe(coveragePage());
});
