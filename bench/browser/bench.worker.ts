/** @file The studio's engine in a browser's worker, doing the bench's work: what the app's own engine worker is made of. */
import { EVERY_OPTIMISATION, IN_BROWSERS } from "../../src/core/optimisations.ts";
import { adapterFacts, requestAdapter, requestDevice } from "../../src/engine/device.ts";
import { browserRuntime } from "../../src/engine/ort/runtime-browser.ts";
import { fetchedFiles } from "../../src/hub/fetch-files.ts";
import { ownSide } from "../peers/own-side.ts";
import type { Answer, Request } from "../peers/protocol.ts";
import { openWork } from "../work/own-work.ts";

/** The first request. */
export interface Start {
  readonly start: {
    readonly backend: "wasm" | "webgpu";
    readonly threads: number;
    /** In a browser that was started with the flag for it. */
    readonly wide?: boolean;
  };
}

let side: ((request: Request) => Promise<Answer>) | null = null;

async function start({ backend, threads, wide = false }: Start["start"]): Promise<Answer> {
  if (!self.crossOriginIsolated) return { absent: "The page is not cross-origin isolated." };
  const adapter = backend === "webgpu" ? await requestAdapter() : null;
  if (backend === "webgpu" && (adapter === null || adapterFacts(adapter).isFallback)) {
    return { absent: "There is no WebGPU adapter but one in software." };
  }
  const runtime = await browserRuntime(
    adapter === null ? null : await requestDevice(adapter),
    threads,
    wide ? EVERY_OPTIMISATION : IN_BROWSERS,
  );
  const files = fetchedFiles(new URL("/models/toybox-256/", self.location.href).href);
  side = ownSide((work) => openWork(work, { runtime, files }));
  return { ready: navigator.userAgent };
}

self.onmessage = async ({ data }: MessageEvent<Request | Start>) => {
  try {
    if ("start" in data) self.postMessage(await start(data.start));
    else self.postMessage(await side?.(data));
  } catch (error) {
    self.postMessage({ absent: error instanceof Error ? error.message : String(error) });
  }
};
