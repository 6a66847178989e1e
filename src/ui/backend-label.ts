/** @file What the backends are called on the page. */
import type { BackendName, BackendReport } from "../rpc/contracts.ts";

export const BACKEND_LABELS: Readonly<Record<BackendName, string>> = {
  webgpu: "WebGPU",
  wasm: "WASM",
};

/** What the backend runs on: the GPU's name, or how many threads. */
export function backendDetail(report: BackendReport): string {
  if (report.chosen === "webgpu") return report.adapter ?? "GPU";
  return report.threads === 1 ? "1 thread" : `${report.threads.toString()} threads`;
}
