/** @file Runs npm: the very one that started this script where there is one, else the one on the PATH. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string[]} parameters
 * @param {"inherit" | "pipe"} output `inherit` sends all of it to stderr; `pipe` returns it
 * @returns {{ succeeded: boolean, output: string }}
 */
export function runNpm(parameters, output) {
  const startedBy = process.env["npm_execpath"];
  const [command, before] = startedBy === undefined ? ["npm", []] : [process.execPath, [startedBy]];
  const result = spawnSync(command, [...before, ...parameters], {
    cwd: projectRoot,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: output === "inherit" ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"],
    // On Windows npm is a batch file, which only a shell can start.
    shell: startedBy === undefined && process.platform === "win32",
  });
  const text = output === "pipe" ? `${result.stdout}${result.stderr}`.trimEnd() : "";
  return { succeeded: result.status === 0, output: text };
}
