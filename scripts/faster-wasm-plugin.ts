/**
 * @file Vite plugin: onnxruntime's WebAssembly file with faster functions, made before it is served. A browser compiles
 * such a file while it arrives, and keeps what it has compiled; one that is changed in memory it compiles anew each time.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { accelerate } from "../src/core/wasm/accelerate.ts";
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

/** The path of the file; as it came where it is not one that is known. */
function write(variant: string): string {
  const original = fileURLToPath(import.meta.resolve(`onnxruntime-web/${ORIGINAL}.wasm`));
  const bytes = new Uint8Array(readFileSync(original));
  const file = path.join(FOLDER, `${ORIGINAL}.${variant}.wasm`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, accelerate(bytes, { relaxed: variant === "relaxed" }) ?? bytes);
  return file;
}
