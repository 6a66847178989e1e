/** @file Which backend runs, and the sentence that says why. */
import { StudioError } from "../core/errors.ts";
import type { BackendName, BackendPreference, BackendReport } from "../rpc/contracts.ts";
import type { AdapterFacts } from "./device.ts";

export interface Surroundings {
  /** What offers WebGPU, or does not: a browser, or the machine that the command line runs on. */
  readonly host: "browser" | "machine";
  readonly adapter: AdapterFacts | null;
  readonly crossOriginIsolated: boolean;
  readonly cores: number;
}

const NO_ADAPTER_ADVICE = {
  browser: "switch to Auto or WASM, or use a browser with WebGPU",
  machine: "install a Vulkan driver for its GPU, or use --backend wasm",
} as const;

/** Threads for the wasm backend: all cores up to eight, one where the page is not cross-origin isolated. */
function threadCount({ crossOriginIsolated, cores }: Surroundings): number {
  return crossOriginIsolated ? Math.max(1, Math.min(8, cores)) : 1;
}

/**
 * The choice for a preference.
 * @throws StudioError "backend-unavailable" where WebGPU is asked for and there is none
 */
export function chooseBackend(
  preference: BackendPreference,
  surroundings: Surroundings,
): BackendReport {
  const { host, adapter, crossOriginIsolated } = surroundings;
  const threads = threadCount(surroundings);
  const report = (chosen: BackendName, reason: string): BackendReport => ({
    chosen,
    reason,
    adapter: adapter?.name ?? null,
    isFallbackAdapter: adapter?.isFallback ?? false,
    threads,
    crossOriginIsolated,
  });
  const cpu = `WebAssembly on ${threads === 1 ? "one CPU thread" : `${threads} CPU threads`}`;
  const single = crossOriginIsolated
    ? ""
    : " The page is not cross-origin isolated, so only one thread can be used.";
  switch (preference) {
    case "wasm":
      return report("wasm", `${cpu}, because you chose it.${single}`);
    case "webgpu":
      if (adapter === null) {
        throw new StudioError(
          "backend-unavailable",
          `This ${host} offers no WebGPU adapter; ${NO_ADAPTER_ADVICE[host]}.`,
        );
      }
      return report(
        "webgpu",
        adapter.isFallback
          ? `WebGPU on ${adapter.name}, because you chose it; this adapter is emulated on the CPU and very slow.`
          : `WebGPU on ${adapter.name}, because you chose it.`,
      );
    case "auto":
      if (adapter === null) {
        return report("wasm", `${cpu}, because this ${host} offers no WebGPU adapter.${single}`);
      }
      if (adapter.isFallback) {
        return report(
          "wasm",
          `${cpu}, because the only WebGPU adapter (${adapter.name}) is emulated in software, which is slower.${single}`,
        );
      }
      return report("webgpu", `WebGPU on ${adapter.name}.`);
  }
}
