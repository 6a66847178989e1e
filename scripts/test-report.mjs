/** @file Reads what vitest and Playwright report as JSON into one count per tier. */

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * The tier's count, made to agree with how its runner ended: a failure the runner saw outside any
 * test still counts as one, and a tier in which nothing ran has failed.
 * @param {Count | null} reported null when the runner left no report
 * @param {boolean} exitedWell
 * @param {boolean} maySkipAll whether somebody has asked for that
 * @returns {Count}
 */
export function settle(reported, exitedWell, maySkipAll = false) {
  const count = reported ?? { passed: 0, failed: 0, skipped: 0 };
  const ran = count.passed + count.failed + (maySkipAll ? count.skipped : 0);
  return count.failed === 0 && (!exitedWell || ran === 0) ? { ...count, failed: 1 } : count;
}

/**
 * @typedef {{ status: string, assertionResults: { status: string }[] }} VitestFile
 * @param {{ testResults: VitestFile[] }} report vitest's JSON reporter
 * @returns {Count}
 */
export function countVitest(report) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === "passed") count.passed++;
      else if (status === "failed") failedHere++;
      else count.skipped++;
    }
    // A file that could not be loaded, or whose setup failed, has failed without a failed test.
    count.failed += file.status === "failed" ? Math.max(failedHere, 1) : failedHere;
  }
  return count;
}

/**
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} report
 *   Playwright's JSON reporter
 * @returns {Count}
 */
export function countPlaywright({ stats }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}
