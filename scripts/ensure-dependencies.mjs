/** @file Makes node_modules match package-lock.json, with nothing but Node itself. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot, runNpm } from "./npm.mjs";

const OLDEST_NODE = /** @type {const} */ ([20, 19]);

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile
 */

/**
 * The sentence to show when this Node is too old, or null when it will do.
 * @param {string} version as in `process.versions.node`
 * @returns {string | null}
 */
export function nodeComplaint(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `Node ${version} is too old: install Node ${oldestMajor}.${oldestMinor} or newer, then run this again.`;
}

/**
 * Why the installed packages do not match the lock, or null when they do. Optional packages may be
 * absent, because npm leaves out those made for other platforms.
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile | null} installed node_modules/.package-lock.json, null where there is none
 * @returns {string | null}
 */
export function reasonToInstall(wanted, installed) {
  if (installed === null) return "no packages are installed yet";
  const have = installed.packages ?? {};
  for (const [location, entry] of Object.entries(wanted.packages ?? {})) {
    if (location === "") continue;
    const found = have[location];
    const name = location.slice(location.lastIndexOf("node_modules/") + "node_modules/".length);
    if (found === undefined) {
      if (entry.optional === true || entry.devOptional === true) continue;
      return `${name} is missing`;
    }
    if (found.version !== entry.version) {
      return `${name} is ${String(found.version)}, and the lock says ${String(entry.version)}`;
    }
  }
  return null;
}

/**
 * Progress goes to stderr, so that a command's `--json` stays alone on stdout.
 * @param {string} sentence
 */
export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/**
 * Ends the process with one sentence.
 * @param {string} sentence
 * @returns {never}
 */
export function refuse(sentence) {
  say(sentence);
  process.exit(1);
}

/**
 * @param {string} file
 * @returns {Lockfile}
 */
function readLock(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Refuses an old Node; installs the locked packages when they are missing or different. */
export function ensureDependencies() {
  const complaint = nodeComplaint(process.versions.node);
  if (complaint !== null) refuse(complaint);
  const installedLock = path.join(projectRoot, "node_modules", ".package-lock.json");
  const reason = reasonToInstall(
    readLock(path.join(projectRoot, "package-lock.json")),
    existsSync(installedLock) ? readLock(installedLock) : null,
  );
  if (reason === null) return;
  say(`Installing packages with npm ci (${reason}).`);
  const succeeded = runNpm(["ci", "--include=dev", "--no-audit", "--no-fund"]);
  if (!succeeded) {
    refuse("npm ci failed: see its message above; it needs a network connection the first time.");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureDependencies();
