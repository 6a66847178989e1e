/** @file Native onnxruntime as a peer: the studio's own graphs are written to a folder of its own, and Python runs them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readModel } from "../../src/engine/model/read-model.ts";
import { nodeRuntime } from "../../src/engine/ort/runtime-node.ts";
import { folderFiles } from "../../src/hub/folder-files.ts";
import { nativeWork } from "./native-graphs.ts";
import { startProcess } from "./process-peer.ts";
import type { Absent, Peer } from "./protocol.ts";

/** Starts Python with onnxruntime and numpy. */
export async function startNative(
  python: string,
  model: string,
  threads: number,
): Promise<Peer | Absent> {
  const peer = await startProcess({
    name: "native onnxruntime",
    command: python,
    args: [fileURLToPath(new URL("native_peer.py", import.meta.url)), String(threads)],
    env: { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
  });
  if ("absent" in peer) return peer;
  const folder = await mkdtemp(path.join(tmpdir(), "studio-native-"));
  // Nothing is run on it here: it says how graphs are made for wasm.
  const runtime = nodeRuntime(threads);
  const read = await readModel(path.basename(model), folderFiles(model));
  return {
    ...peer,
    async open(spec) {
      const work = await nativeWork(spec, read, runtime, folder);
      return work === null
        ? "Native onnxruntime has no counterpart."
        : peer.open({ ...spec, ...work });
    },
    async close() {
      await peer.close();
      await rm(folder, { recursive: true });
    },
  };
}
