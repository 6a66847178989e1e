/**
 * @file Vite plugin: onnxruntime's WebAssembly file with faster functions, made before it is served. A browser compiles
 * such a file while it arrives, and keeps what it has compiled; one that is changed in memory it compiles anew each time.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { accelerate, PARTS } from "../src/core/wasm/accelerate.ts";
import { browserTarget } from "../src/core/wasm/target.ts";
import { projectRoot } from "./npm.mjs";

/** With relaxed SIMD, or for browsers without it. */
const IMPORT = /^faster-wasm\/(relaxed|simd)\.wasm\?url$/;
const FOLDER = path.join(projectRoot, "node_modules", ".cache", "faster-wasm");
const ORIGINAL = "ort-wasm-simd-threaded";

export function fasterWasm(): Plugin {
  const written = new Map<string, string>();
  return {
    name: "faster-wasm",
    enforce: "pre",
    resolveId(source) {
      const variant = IMPORT.exec(source)?.[1];
      if (variant === undefined) return null;
      const file = written.get(variant) ?? write(variant);
      written.set(variant, file);
      // From here on it is an asset like any other.
      return `${file}?url`;
    },
  };
}

/** The path of the file. Graphs are made for what it has, so a build with another file than the one known is refused. */
function write(variant: string): string {
  const original = fileURLToPath(import.meta.resolve(`onnxruntime-web/${ORIGINAL}.wasm`));
  const bytes = new Uint8Array(readFileSync(original));
  const file = path.join(FOLDER, `${ORIGINAL}.${variant}.wasm`);
  mkdirSync(FOLDER, { recursive: true });
  const { bytes: faster, parts } = accelerate(bytes, browserTarget(variant === "relaxed"));
  if (parts.length < PARTS.length) {
    const missing = PARTS.filter((part) => !parts.includes(part)).join(", ");
    throw new Error(`${ORIGINAL}.wasm is another version than src/core/wasm knows (${missing}).`);
  }
  writeFileSync(file, faster);
  return file;
}
