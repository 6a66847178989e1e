/** @file Runs npm: the very one that started this script where there is one, else the one on the PATH. */
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** @returns {{ command: string, before: string[], shell: boolean }} */
function npm() {
  const startedBy = process.env["npm_execpath"];
  return startedBy === undefined
    ? // On Windows npm is a batch file, which only a shell can start.
      { command: "npm", before: [], shell: process.platform === "win32" }
    : { command: process.execPath, before: [startedBy], shell: false };
}

/**
 * Waits for it; all of its output goes to stderr.
 * @param {string[]} parameters
 * @returns {boolean} whether it succeeded
 */
export function runNpm(parameters) {
  const { command, before, shell } = npm();
  const stdio = /** @type {const} */ (["ignore", 2, 2]);
  const options = { cwd: projectRoot, stdio: [...stdio], shell };
  return spawnSync(command, [...before, ...parameters], options).status === 0;
}

/**
 * Lets it run beside others, and gives its output.
 * @param {string[]} parameters
 * @returns {Promise<{ succeeded: boolean, output: string }>}
 */
export function startNpm(parameters) {
  const { command, before, shell } = npm();
  return new Promise((resolve) => {
    const child = spawn(command, [...before, ...parameters], { cwd: projectRoot, shell });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (output += String(chunk)));
    }
    child.on("error", (error) => resolve({ succeeded: false, output: error.message }));
    child.on("close", (status) => resolve({ succeeded: status === 0, output: output.trimEnd() }));
  });
}
