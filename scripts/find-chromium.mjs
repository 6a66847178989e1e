/** @file Finds a real Chromium (not the headless shell, which has no WebGPU), or installs one. */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { refuse, say } from "./ensure-dependencies.mjs";
import { projectRoot } from "./npm.mjs";

/** @typedef {{ path: string, version: string, source: string }} Chromium */

const ENVIRONMENT = ["CHROMIUM_PATH", "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"];
const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
/** Where Playwright's download keeps the browser, below `chromium-NUMBER/`. */
const PLAYWRIGHT_BINARIES = [
  "chrome-linux64/chrome",
  "chrome-linux/chrome",
  "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
  "chrome-win64/chrome.exe",
  "chrome-win/chrome.exe",
];

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What the browser says its version is, or null when it does not run (Ubuntu's `chromium-browser`
 * is a script that only asks for a snap, for example).
 * @param {string} file
 * @returns {string | null}
 */
function versionOf(file) {
  // On Windows, `--version` opens a window instead of answering.
  if (process.platform === "win32") return "version not asked";
  try {
    /** @type {import("node:child_process").ExecFileSyncOptionsWithStringEncoding} */
    const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 30_000 };
    return (
      /^.*chrom(e|ium).*\d+\.\d+.*$/im.exec(execFileSync(file, ["--version"], options))?.[0] ?? null
    );
  } catch {
    return null;
  }
}

/**
 * @param {string} command
 * @param {string} searchPath as in the PATH variable
 * @returns {string | null}
 */
export function which(command, searchPath) {
  for (const folder of searchPath.split(path.delimiter)) {
    if (folder === "") continue;
    const file = path.join(folder, command);
    if (isExecutable(file)) return file;
  }
  return null;
}

/** The folder Playwright downloads browsers to. */
function playwrightCache() {
  const chosen = process.env["PLAYWRIGHT_BROWSERS_PATH"];
  if (chosen !== undefined && chosen !== "" && chosen !== "0") return chosen;
  if (process.platform === "darwin") return path.join(homedir(), "Library/Caches/ms-playwright");
  if (process.platform === "win32") return path.join(homedir(), "AppData/Local/ms-playwright");
  return path.join(homedir(), ".cache/ms-playwright");
}

/**
 * The newest full Chromium in a Playwright cache folder.
 * @param {string} cache
 * @returns {string | null}
 */
export function findInPlaywrightCache(cache) {
  let folders;
  try {
    folders = readdirSync(cache).filter((name) => /^chromium-\d+$/.test(name));
  } catch {
    return null;
  }
  const newestFirst = folders.sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  for (const folder of newestFirst) {
    for (const binary of PLAYWRIGHT_BINARIES) {
      const file = path.join(cache, folder, binary);
      if (isExecutable(file)) return file;
    }
  }
  return null;
}

/**
 * The Chromium to use, from what is already on this machine.
 * @returns {Chromium | null}
 */
export function findChromium() {
  for (const variable of ENVIRONMENT) {
    const file = process.env[variable];
    if (file === undefined || file === "") continue;
    const version = versionOf(file);
    if (version === null) {
      return refuse(`${variable} is ${file}, which does not run as Chromium: correct or unset it.`);
    }
    return { path: file, version, source: variable };
  }
  const searchPath = process.env["PATH"] ?? "";
  const found = [
    ...COMMANDS.map((command) => ({ file: which(command, searchPath), source: "on the PATH" })),
    ...APPLICATIONS.map((file) => ({
      file: isExecutable(file) ? file : null,
      source: "installed",
    })),
    { file: findInPlaywrightCache(playwrightCache()), source: "Playwright's download" },
  ];
  for (const { file, source } of found) {
    const version = file === null ? null : versionOf(file);
    if (file !== null && version !== null) return { path: file, version, source };
  }
  return null;
}

/**
 * Runs a command with its output on stderr; true when it succeeded.
 * @param {string} command
 * @param {string[]} parameters
 */
function succeeds(command, parameters) {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync(command, parameters, { stdio: ["ignore", 2, 2], env: environment });
  return result.status === 0;
}

/** Debian's own package: the only way where nothing but package registries can be reached. */
function installFromDebian() {
  const searchPath = process.env["PATH"] ?? "";
  if (which("apt-get", searchPath) === null) return;
  const isRoot = process.getuid?.() === 0;
  const sudo = which("sudo", searchPath);
  if (!isRoot && (sudo === null || !succeeds(sudo, ["-n", "true"]))) return;
  say("Installing Chromium with apt-get.");
  const [command, before] = isRoot || sudo === null ? ["apt-get", []] : [sudo, ["-n", "apt-get"]];
  succeeds(command, [...before, "-q", "update"]);
  succeeds(command, [...before, "-q", "install", "-y", "--no-install-recommends", "chromium"]);
}

function installFromPlaywright() {
  say("Installing Chromium with Playwright.");
  const cli = path.join(projectRoot, "node_modules", "playwright", "cli.js");
  succeeds(process.execPath, [cli, "install", "--no-shell", "chromium"]);
}

/**
 * Finds Chromium, installs it when there is none, and says which one it took. Programs started
 * afterwards find the same one through CHROMIUM_PATH.
 * @returns {Chromium}
 */
export function ensureChromium() {
  for (const install of [null, installFromDebian, installFromPlaywright]) {
    install?.();
    const chromium = findChromium();
    if (chromium === null) continue;
    say(`Browser: ${chromium.version} at ${chromium.path} (${chromium.source}).`);
    process.env["CHROMIUM_PATH"] = chromium.path;
    return chromium;
  }
  return refuse(
    "No Chromium was found and none could be installed: install Chromium or Chrome, or set CHROMIUM_PATH to one.",
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureChromium();
