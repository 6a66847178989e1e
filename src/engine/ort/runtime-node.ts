/** @file Loads onnxruntime-web in Node: the wasm backend with threads, for the command line, tests and benches. */
import * as ort from "onnxruntime-web";
import { availableParallelism } from "node:os";
import { type Runtime, runtime } from "./runtime.ts";

export function nodeRuntime(threads = Math.min(8, availableParallelism())): Runtime {
  return runtime(ort, { backend: "wasm", device: null, threads });
}
