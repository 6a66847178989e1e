/** @file `npm run check`: every static check, each one run even when another has failed. */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { ensureDependencies, refuse } from "./ensure-dependencies.mjs";
import { startNpm } from "./npm.mjs";

/** Name of the check, and the package script that does it. */
const CHECKS = /** @type {const} */ ([
  ["lint", "lint"],
  ["types", "typecheck"],
  ["format", "format:check"],
  ["unused code", "deps:unused"],
  ["import cycles", "deps:cycles"],
]);

/** @returns {string | undefined} where to write the count */
function readOptions() {
  try {
    return parseArgs({ options: { summary: { type: "string" } } }).values.summary;
  } catch (error) {
    return refuse(
      `${error instanceof Error ? error.message : String(error)}\nUsage: npm run check -- [--summary FILE]`,
    );
  }
}

const summary = readOptions();
ensureDependencies();
const total = { passed: 0, failed: 0 };
// The longest first; each of them has one thread.
const waiting = [...CHECKS];
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, checkInTurn));
console.log(`In all ${String(total.passed)} checks passed and ${String(total.failed)} failed.`);
if (summary !== undefined) writeFileSync(summary, JSON.stringify(total));
process.exitCode = total.failed === 0 ? 0 : 1;

async function checkInTurn() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, script] = next;
    const started = performance.now();
    const { succeeded, output } = await startNpm(["run", "--silent", script]);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    total[succeeded ? "passed" : "failed"]++;
    if (!succeeded) console.log(output);
    console.log(`${succeeded ? "passed" : "FAILED"}  ${name} (${seconds} s)`);
  }
}
