/** @file `npm test`: installs what is missing, runs every tier of tests, and says how many passed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build, buildIsCurrent } from "./build.mjs";
import { ensureDependencies, refuse } from "./ensure-dependencies.mjs";
import { projectRoot } from "./npm.mjs";
import { ensureChromium } from "./find-chromium.mjs";
import { countPlaywright, countVitest, settle } from "./test-report.mjs";

const TIERS = /** @type {const} */ (["core", "engine", "gpu", "e2e"]);
/** @typedef {(typeof TIERS)[number]} Tier */

const USAGE = `Usage: npm test -- [--only ${TIERS.join("|")}]... [--summary FILE]`;

/** @returns {{ tiers: readonly Tier[], summary: string | undefined }} */
function readOptions() {
  let values;
  try {
    const only = /** @type {const} */ ({ type: "string", multiple: true });
    values = parseArgs({ options: { only, summary: { type: "string" } } }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  const wanted = values.only?.flatMap((list) => list.split(","));
  const unknown = wanted?.find((name) => !TIERS.some((tier) => tier === name));
  if (unknown !== undefined) return refuse(`There is no tier "${unknown}".\n${USAGE}`);
  const tiers = wanted === undefined ? TIERS : TIERS.filter((tier) => wanted.includes(tier));
  return { tiers, summary: values.summary };
}

/**
 * Runs one package's command line, its output passed through.
 * @param {string} script path below node_modules
 * @param {string[]} parameters
 * @param {Record<string, string>} [environment]
 */
function run(script, parameters, environment = {}) {
  const file = path.join(projectRoot, "node_modules", script);
  const result = spawnSync(process.execPath, [file, ...parameters], {
    cwd: projectRoot,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  return result.status === 0;
}

/**
 * @template T
 * @param {string} file
 * @param {(report: any) => T} count
 * @returns {T | null}
 */
function readReport(file, count) {
  return existsSync(file) ? count(JSON.parse(readFileSync(file, "utf8"))) : null;
}

/**
 * @param {Tier} tier
 * @param {string} folder where reports are written
 */
async function runTier(tier, folder) {
  const file = path.join(folder, `${tier}.json`);
  if (tier === "e2e") {
    if (!buildIsCurrent()) await build();
    const report = { PLAYWRIGHT_JSON_OUTPUT_FILE: file };
    const passed = run("@playwright/test/cli.js", ["test", "--reporter=list,json"], report);
    return settle(readReport(file, countPlaywright), passed);
  }
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const passed = run("vitest/vitest.mjs", ["run", "--project", tier, ...reporters]);
  const maySkipAll = tier === "gpu" && process.env["ALLOW_NO_WEBGPU"] === "1";
  return settle(readReport(file, countVitest), passed, maySkipAll);
}

const { tiers, summary } = readOptions();
ensureDependencies();
if (tiers.includes("gpu") || tiers.includes("e2e")) ensureChromium();
const folder = mkdtempSync(path.join(tmpdir(), "studio-tests-"));
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
for (const tier of tiers) {
  console.log(`\n=== ${tier} tests ===`);
  let count;
  try {
    count = await runTier(tier, folder);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    count = { passed: 0, failed: 1, skipped: 0 };
  }
  const skipped = count.skipped === 0 ? "" : `, ${String(count.skipped)} SKIPPED`;
  lines.push(`${tier}: ${String(count.passed)} passed, ${String(count.failed)} failed${skipped}`);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}
rmSync(folder, { recursive: true });
console.log(`\n=== summary ===\n${lines.join("\n")}`);
console.log(`In all ${String(total.passed)} tests passed and ${String(total.failed)} failed.`);
if (summary !== undefined) writeFileSync(summary, JSON.stringify(total));
process.exitCode = total.failed === 0 ? 0 : 1;
