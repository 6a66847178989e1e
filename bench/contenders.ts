/** @file Who is compared: the studio's engine in Node and in Chromium, PyTorch eager and compiled, native onnxruntime. */
import { fileURLToPath } from "node:url";
import { startChromium } from "./peers/chromium-peer.ts";
import { type BenchPage, serveBenchPage } from "./peers/browser-page.ts";
import { startNative } from "./peers/native-peer.ts";
import { startProcess } from "./peers/process-peer.ts";
import type { Absent, Peer } from "./peers/protocol.ts";

export const CONTENDERS = [
  "node",
  "chromium",
  "chromium-wide",
  "webgpu",
  "chromium-webgpu",
  "torch",
  "compiled",
  "native",
] as const;
/**
 * node and chromium compute on wasm, chromium-wide with wide vectors, which it was started with a flag for; webgpu in Node
 * on a GPU; torch is PyTorch eager, and what all are compared with.
 */
export type ContenderName = (typeof CONTENDERS)[number];

export interface Contender {
  readonly name: ContenderName;
  readonly threads: number;
  readonly peer: Peer;
}

export interface TorchOptions {
  readonly device: "cpu" | "cuda";
  /** "half": frozen weights in float16, too. */
  readonly dtype: "float32" | "float16" | "half";
}

export const MODEL = fileURLToPath(new URL("../public/models/toybox-256", import.meta.url));

/** The studio's engine in a process of its own. */
export function startNode(
  threads: number,
  options: { readonly without?: string; readonly backend?: "wasm" | "webgpu" } = {},
): Promise<Peer | Absent> {
  const script = fileURLToPath(new URL("peers/node-side.ts", import.meta.url));
  const { without = "", backend = "wasm" } = options;
  return startProcess({
    name: backend === "wasm" ? "The studio's engine" : "The studio's engine on WebGPU",
    command: process.execPath,
    args: ["--import", "tsx", script, MODEL, backend, String(threads), without],
  });
}

/**
 * PYTHON names the interpreter where it is not python3.
 * @param model the folder of whose configurations it makes its models
 */
export function startTorch(
  threads: number,
  { device, dtype }: TorchOptions,
  variant: "eager" | "compiled",
  model = MODEL,
): Promise<Peer | Absent> {
  const script = fileURLToPath(new URL("peers/torch_peer.py", import.meta.url));
  return startProcess({
    name: `PyTorch ${variant}`,
    command: python(),
    args: [script, model, String(threads), device, dtype, variant],
    env: { OMP_NUM_THREADS: String(threads) },
  });
}

function python(): string {
  return process.env["PYTHON"] ?? "python3";
}

export interface Wanted {
  readonly names: readonly ContenderName[];
  readonly threads: readonly number[];
  readonly torch: TorchOptions;
}

export interface Gathered {
  /** With fewer threads first. */
  readonly contenders: readonly Contender[];
  /** Why somebody is missing. */
  readonly notes: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts all who are wanted, and says who could not be. */
export async function gather({ names, threads, torch }: Wanted): Promise<Gathered> {
  const contenders: Contender[] = [];
  const notes = new Set<string>();
  const page: BenchPage | null = names.some((name) => name.startsWith("chromium"))
    ? await serveBenchPage()
    : null;
  const most = Math.max(...threads);
  const start = (name: ContenderName, count: number): Promise<Peer | Absent> => {
    switch (name) {
      case "node":
        return startNode(count);
      case "webgpu":
        return startNode(count, { backend: "webgpu" });
      case "chromium":
        return startChromium(page?.url ?? "", { backend: "wasm", threads: count });
      case "chromium-wide":
        return startChromium(page?.url ?? "", { backend: "wasm", threads: count, wide: true });
      case "chromium-webgpu":
        return startChromium(page?.url ?? "", { backend: "webgpu", threads: 1 });
      case "torch":
        return startTorch(count, torch, "eager");
      case "compiled":
        return startTorch(count, torch, "compiled");
      case "native":
        return startNative(python(), MODEL, count);
    }
  };
  for (const count of threads) {
    for (const name of names) {
      // A GPU is one, however many threads the rest has; compiling takes minutes a shape.
      if ((name.endsWith("webgpu") || name === "compiled") && count !== most) continue;
      const peer = await start(name, count);
      if ("absent" in peer) notes.add(peer.absent);
      else contenders.push({ name, threads: count, peer });
    }
  }
  return {
    contenders,
    notes: [...notes],
    close: async () => {
      for (const { peer } of contenders) await peer.close();
      await page?.close();
    },
  };
}
