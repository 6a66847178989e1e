/** @file How large the built app is where size is waited for. `npx tsx scripts/bundle-size.ts` prints it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { isLarge } from "../src/sw/kept-files.ts";
import { BUDGETS, type Measured } from "./bundle-budgets.ts";
import { distFolder } from "./build.mjs";

/** Bytes by what a budget is set for. */
export function measureBundle(dist = distFolder): Record<Measured, number> {
  const read = (file: string): Buffer => readFileSync(path.join(dist, file));
  const sent = (files: Iterable<string>): number =>
    sum([...files].map((file) => gzipSync(read(file), { level: 9 }).length));
  const kept = (files: readonly string[]): number =>
    sum(files.map((file) => statSync(path.join(dist, file)).size));
  const assets = readdirSync(path.join(dist, "assets"));
  const asset = (start: string): string => {
    const found = assets.find((name) => name.startsWith(start));
    if (found === undefined) throw new Error(`The build has no assets/${start}…; build it again.`);
    return `assets/${found}`;
  };
  const html = read("index.html").toString();
  const entry = withImports(linked(html, /<script[^>]+src="\.\/([^"]+)"/g), read);
  const page = withImports([...javaScript(assets, "generate-page-")], read);
  // Icons are listed twice.
  const listed = [...new Set(linked(read("service-worker.js").toString(), /"url":"([^"]+)"/g))];
  return {
    entryScript: sent(entry),
    entryStyle: sent(linked(html, /<link rel="stylesheet"[^>]+href="\.\/([^"]+)"/g)),
    firstPage: sent([...page].filter((file) => !entry.has(file))),
    engine: sent([asset("engine.worker-")]),
    installed: kept(listed.filter((url) => !isLarge(url))),
    kept: kept([
      ...listed.filter((url) => !url.endsWith(".wasm")),
      asset("ort-wasm-simd-threaded.relaxed-"),
    ]),
  };
}

function* javaScript(assets: readonly string[], start: string): Iterable<string> {
  for (const name of assets) {
    if (name.startsWith(start) && name.endsWith(".js")) yield `assets/${name}`;
  }
}

function linked(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, file = ""]) => file);
}

/** The files, and all that they import at once; what is imported when it is needed does not count. */
function withImports(files: readonly string[], read: (file: string) => Buffer): Set<string> {
  const all = new Set(files);
  // A set hands out what is added while it is walked through.
  for (const file of all) {
    const imported = linked(
      read(file).toString(),
      /(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g,
    );
    for (const name of imported) all.add(`assets/${name}`);
  }
  return all;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const measured = measureBundle();
  for (const [key, { name, bytes }] of Object.entries(BUDGETS)) {
    const own = measured[key as Measured];
    console.log(`${String(own).padStart(10)} of ${String(bytes).padStart(10)} bytes: ${name}`);
  }
}
