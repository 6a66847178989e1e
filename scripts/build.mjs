/** @file Builds the app into dist/, and knows whether the build that is there is still current. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies, say } from "./ensure-dependencies.mjs";
import { projectRoot } from "./npm.mjs";

export const distFolder = path.join(projectRoot, "dist");
const stampFile = path.join(distFolder, ".sources");

/** What a build depends on. */
const SOURCES = [
  ...["index.html", "vite.config.ts", "scripts/faster-wasm-plugin.ts", "package-lock.json"],
  ...["src", "workers", "public"],
];

/**
 * A digest that changes when any file below the given paths is added, removed or written.
 * @param {string} root
 * @param {readonly string[]} names files or folders in `root`
 * @returns {string}
 */
export function digestOf(root, names) {
  const digest = createHash("sha256");
  /** @param {string} file */
  const visit = (file) => {
    if (!existsSync(file)) return;
    const { isDirectory, size, mtimeMs } = describe(file);
    if (!isDirectory) {
      digest.update(`${path.relative(root, file)}:${String(size)}:${String(mtimeMs)}\n`);
      return;
    }
    for (const name of readdirSync(file).sort()) visit(path.join(file, name));
  };
  for (const name of names) visit(path.join(root, name));
  return digest.digest("hex");
}

/** @param {string} file */
function describe(file) {
  const found = statSync(file);
  return { isDirectory: found.isDirectory(), size: found.size, mtimeMs: found.mtimeMs };
}

/** @returns {boolean} whether dist/ was built from the sources as they are now */
export function buildIsCurrent() {
  return (
    existsSync(stampFile) && readFileSync(stampFile, "utf8") === digestOf(projectRoot, SOURCES)
  );
}

/** Builds unconditionally. Vite is imported late: it is not there before the packages are. */
export async function build() {
  say("Building the app into dist/.");
  const digest = digestOf(projectRoot, SOURCES);
  const vite = await import("vite");
  await vite.build({ root: projectRoot, logLevel: "warn" });
  writeFileSync(stampFile, digest);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureDependencies();
  await build();
}
