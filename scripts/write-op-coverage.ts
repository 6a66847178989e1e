/** @file Writes docs/op-coverage.md from the table of gradient rules. Run: npx tsx scripts/write-op-coverage.ts */
import { writeFileSync } from "node:fs";
import { coveragePage } from "../src/core/autodiff/coverage.ts";

writeFileSync(new URL("../docs/op-coverage.md", import.meta.url), coveragePage());
